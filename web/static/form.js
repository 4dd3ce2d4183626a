// The form: the line to type into, and below it TLDs and affixes.

import { $, act, element, keep, number, plural, split, stored } from './dom.js';
import { offer, shown } from './model.js';
import { isDomain, meaning } from './words.js';

const draftKey = 'domprobe.draft', longList = 200;

let tlds = [];    // chosen, in order
let presets = []; // names of chosen sets
let reading = ''; // of phrases; empty is the usual one

export const keywords = () => meaning($('keywords').value, reading).keywords;
const asTLD = word => word.toLowerCase().replace(/^\.+|\.+$/g, '');

export function chosenTLDs({ tld, preset } = { tld: tlds, preset: presets }) {
  const all = new Set(tld);
  for (const p of offer.presets) if (preset.includes(p.name)) for (const t of p.tlds) all.add(t);
  return [...all];
}

// takeTLDs makes chips of the typed TLDs.
export function takeTLDs() {
  const typed = split($('tld').value);
  $('tld').value = '';
  for (const tld of typed.map(asTLD)) {
    if (tld && !tlds.includes(tld)) tlds.push(tld);
  }
  draw();
}

// chooseSomething chooses the first set if no TLD is chosen.
export function chooseSomething() {
  if (!tlds.length && !presets.length) presets = ['popular'];
  draw();
}

// draw shows the chosen TLDs, in the panel and in the line above it.
function draw() {
  $('chips').replaceChildren(...tlds.map(tld => element('li', {}, '.' + tld, act('×', () => {
    tlds = tlds.filter(t => t !== tld);
    draw();
    $('tld').focus();
    edited();
  }, { ariaLabel: `Remove ${tld}` }))));
  for (const b of $('presets').children) b.ariaPressed = String(presets.includes(b.value));
  for (const [box, field] of [['prefixes', 'prefix'], ['suffixes', 'suffix']]) {
    const given = split($(field).value);
    for (const b of $(box).children) b.ariaPressed = String(given.includes(b.value));
  }
  drawScope();
}

export function drawScope() {
  const all = chosenTLDs(), few = all.slice(0, 6), prefix = split($('prefix').value), suffix = split($('suffix').value);
  $('scope-count').textContent = all.length ? plural(all.length, 'TLD') : 'No TLD';
  $('scope-tlds').textContent = few.map(tld => '.' + tld).join(' ') + (all.length > few.length ? ' …' : '');
  $('scope-affixes').textContent = [...prefix.map(p => p + '-'), ...suffix.map(s => '-' + s)].join(' ');
  const { phrase, reading: how } = meaning($('keywords').value, reading), query = currentQuery(), n = size(query);
  $('phrase').hidden = !phrase;
  if (phrase) {
    $('phrase-text').textContent = `“${phrase.length > 30 ? phrase.slice(0, 29) + '…' : phrase}”`;
    $('phrase').querySelector(`[value=${how}]`).checked = true;
  }
  // A long list takes the browser long to lay out: it is folded unless somebody edits it.
  const list = query.keyword, box = $('keywords').parentElement;
  box.toggleAttribute('data-list', list.length > longList);
  if (list.length > longList) box.dataset.list = `${plural(list.length, 'name')}: ${list.slice(0, 9).join(', ')}`;
  // The results tell how many names their search has.
  const searched = isSame(query, shown.query);
  $('estimate').textContent = tooMany(n) || (n === 0 || searched ? '' : plural(n, 'name'));
}

// toggle returns a list with the word added, or removed if it was there.
const toggle = (list, word) => list.includes(word) ? list.filter(w => w !== word) : [...list, word];

// drawOffer draws the choices that the server offers.
export function drawOffer() {
  $('tlds').replaceChildren(...offer.tlds.map(value => element('option', { value })));
  $('presets').replaceChildren(...offer.presets.map(({ name, tlds }) => act(name, () => {
    presets = toggle(presets, name);
    draw();
    edited();
  }, { value: name, title: tlds.slice(0, 24).join(' ') + (tlds.length > 24 ? ' …' : '') })));
  for (const b of $('presets').children) {
    b.append(' ', element('small', {}, number.format(offer.presets.find(p => p.name === b.value).tlds.length)));
  }
  for (const [box, field, list] of [['prefixes', 'prefix', offer.prefixes], ['suffixes', 'suffix', offer.suffixes]]) {
    $(box).replaceChildren(...list.map(word => act(word, () => {
      $(field).value = toggle(split($(field).value), word).join(', ');
      draw();
      edited();
    }, { value: word })));
  }
  draw();
}

// size returns the number of names that the form makes.
export function size(query) {
  const whole = query.keyword.filter(isDomain).length;
  const affixes = list => new Set(['', ...list.map(word => word.toLowerCase())]).size;
  return whole + (query.keyword.length - whole) * affixes(query.prefix) * affixes(query.suffix) * chosenTLDs(query).length;
}

// isSame reports whether two queries ask for the same.
export const isSame = (a, b) => Boolean(a && b)
  && Object.keys(a).every(k => a[k].length === b[k].length && a[k].every((word, i) => word === b[k][i]));

export const tooMany = n => n > offer.max_names
  ? `${plural(n, 'name')}: more than the ${number.format(offer.max_names)} of one search` : '';

// currentQuery returns the query of the form.
export function currentQuery() {
  return {
    keyword: keywords(), tld: [...tlds], preset: [...presets],
    prefix: split($('prefix').value), suffix: split($('suffix').value),
  };
}

// fill puts a query into the form. The text that was typed for it is kept.
export function fill(query) {
  const draft = stored(draftKey, {}, sessionStorage);
  reading = '';
  $('keywords').value = draft.address === location.hash ? draft.text : query.keyword.join(', ');
  $('tld').value = '';
  ({ tld: tlds, preset: presets } = query);
  $('prefix').value = query.prefix.join(', ');
  $('suffix').value = query.suffix.join(', ');
  draw();
}

// type puts a text into the line, as if somebody had typed it.
export function type(text) {
  reading = '';
  $('keywords').value = text;
  draw();
}

export const keepDraft = () => keep(draftKey, { text: $('keywords').value, address: location.hash }, sessionStorage);

let edited = () => {};

// listen handles the events of the form. search is called for the Enter key, typed
// after each change.
export function listen({ search, typed }) {
  edited = typed;
  $('search').addEventListener('input', event => {
    if (event.target === $('tld') && $('tld').value.includes(',')) takeTLDs();
    if (event.target === $('keywords')) {
      keepDraft();
      if (!$('keywords').value.trim()) reading = '';
    }
    if (event.target.name === 'reading') reading = event.target.value;
    draw();
    if (event.target !== $('tld') && !event.isComposing) typed();
  });
  $('keywords').addEventListener('compositionend', () => typed());
  $('keywords').addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      search();
    }
  });
  $('tld').addEventListener('keydown', event => {
    if (event.key === 'Enter' && $('tld').value.trim()) {
      event.preventDefault();
      takeTLDs();
      typed();
    } else if (event.key === 'Backspace' && !$('tld').value && tlds.length) {
      tlds.pop();
      draw();
      typed();
    }
  });
  $('add-tld').addEventListener('click', () => {
    takeTLDs();
    $('tld').focus();
    typed();
  });
}
