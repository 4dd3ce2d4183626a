// The form: keywords, TLDs and affixes.

import { $, element, number, plural, split } from './dom.js';
import { offer } from './model.js';

let tlds = [];    // chosen, in order
let presets = []; // names of chosen sets

export const keywords = () => [...new Set(split($('keywords').value))];
export const isDomain = word => /[.。．｡]/.test(word);
const asTLD = word => word.toLowerCase().replace(/^\.+|\.+$/g, '');

export function chosenTLDs() {
  const all = new Set(tlds);
  for (const p of offer.presets) if (presets.includes(p.name)) for (const t of p.tlds) all.add(t);
  return [...all];
}

// takeTLDs makes chips of the typed TLDs.
export function takeTLDs() {
  const typed = split($('tld').value);
  $('tld').value = '';
  for (const tld of typed.map(asTLD)) {
    if (tld && !tlds.includes(tld)) tlds.push(tld);
  }
  drawChips();
}

export function dropTLD() {
  tlds.pop();
  drawChips();
}

// chooseSomething chooses the first set if no TLD is chosen.
export function chooseSomething() {
  if (!tlds.length && !presets.length) presets = ['popular'];
  drawChips();
}

function drawChips() {
  const chip = (text, label, remove) => {
    const button = element('button', { type: 'button', ariaLabel: `Remove ${label}` }, '×');
    button.addEventListener('click', () => {
      remove();
      drawChips();
      $('tld').focus();
    });
    return element('li', {}, text, button);
  };
  $('chips').replaceChildren(
    ...tlds.map(tld => chip('.' + tld, tld, () => { tlds = tlds.filter(t => t !== tld); })),
    ...presets.map(name => {
      const set = offer.presets.find(p => p.name === name);
      const text = set ? `${name} (${number.format(set.tlds.length)})` : name;
      return chip(text, `the set ${name}`, () => { presets = presets.filter(p => p !== name); });
    }));
  for (const b of $('presets').children) b.ariaPressed = String(presets.includes(b.value));
  estimate();
}

// toggle returns a list with the word added, or removed if it was there.
const toggle = (list, word) => list.includes(word) ? list.filter(w => w !== word) : [...list, word];

// drawOffer draws the choices that the server offers.
export function drawOffer() {
  const button = (value, props, press) => {
    const b = element('button', { type: 'button', value, ...props }, value);
    b.addEventListener('click', press);
    return b;
  };
  $('tlds').replaceChildren(...offer.tlds.map(value => element('option', { value })));
  $('presets').replaceChildren(...offer.presets.map(p => {
    const title = p.tlds.slice(0, 24).join(' ') + (p.tlds.length > 24 ? ' …' : '');
    return button(p.name, { title }, () => {
      presets = toggle(presets, p.name);
      drawChips();
    });
  }));
  for (const [box, field, list] of [['prefixes', 'prefix', offer.prefixes], ['suffixes', 'suffix', offer.suffixes]]) {
    $(box).replaceChildren(...list.map(word => button(word, {}, () => {
      $(field).value = toggle(split($(field).value), word).join(', ');
      drawAffixes();
    })));
  }
  drawAffixes();
  drawChips();
}

export function drawAffixes() {
  for (const [box, field] of [['prefixes', 'prefix'], ['suffixes', 'suffix']]) {
    const given = split($(field).value);
    for (const b of $(box).children) b.ariaPressed = String(given.includes(b.value));
  }
  estimate();
}

// size returns the number of names that the form makes.
export function size() {
  const all = keywords(), whole = all.filter(isDomain).length;
  const each = new Set([...chosenTLDs(), ...split($('tld').value).map(asTLD)]).size;
  const affixes = id => new Set(['', ...split($(id).value).map(word => word.toLowerCase())]).size;
  return whole + (all.length - whole) * affixes('prefix') * affixes('suffix') * each;
}

export const tooMany = n => n > offer.max_names
  ? `${plural(n, 'name')}: more than the ${number.format(offer.max_names)} of one search` : '';

// estimate shows how many names a search would have.
function estimate() {
  const n = size();
  $('estimate').textContent = tooMany(n) || (n === 0 ? '' : plural(n, 'name'));
}

export function currentQuery() {
  return {
    keyword: keywords(), tld: [...tlds], preset: [...presets],
    prefix: split($('prefix').value), suffix: split($('suffix').value),
  };
}

// fill puts a query into the form.
export function fill(query) {
  $('keywords').value = query.keyword.join(', ');
  $('tld').value = '';
  ({ tld: tlds, preset: presets } = query);
  $('prefix').value = query.prefix.join(', ');
  $('suffix').value = query.suffix.join(', ');
  $('affixes').open = query.prefix.length + query.suffix.length > 0;
  drawAffixes();
  drawChips();
}

// listen handles the events of the form. search is called for the Enter key.
export function listen(search) {
  $('search').addEventListener('input', event => {
    if (event.target === $('tld') && $('tld').value.includes(',')) takeTLDs();
    drawAffixes();
  });
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
    } else if (event.key === 'Backspace' && !$('tld').value && tlds.length) {
      dropTLD();
    }
  });
  $('add-tld').addEventListener('click', () => {
    takeTLDs();
    $('tld').focus();
  });
}
