// The shortlist, which the browser keeps: names with the verdict of their last
// look, and notes. Below it are the other names that are watched.

import { $, act, element, keep, plural, stored, toast } from './dom.js';
import { copy, download, csv } from './export.js';
import { byRegistry, offer, stateOf, states } from './model.js';
import { confirm, probe } from './server.js';
import * as watched from './watched.js';

const storeKey = 'domprobe.favourites';

let entries = new Map(); // {name, row, note, was} by name
let changed = () => {};
let compare = () => {};
let working = null; // AbortController

export const has = name => entries.has(name);
export const names = () => [...entries.keys()];

const write = () => keep(storeKey, [...entries.values()]);

function update() {
  write();
  draw();
  changed();
}

// toggle puts the name of a row on the shortlist, or takes it away.
export function toggle(row) {
  if (has(row.domain)) return remove(row.domain);
  entries.set(row.domain, { name: row.domain, row, note: '' });
  toast(`${row.domain} is on the shortlist.`, () => remove(row.domain));
  update();
}

function remove(name) {
  const before = new Map(entries);
  entries.delete(name);
  toast(`${name} is off the shortlist.`, () => {
    entries = before;
    update();
  });
  update();
}

function load() {
  const saved = stored(storeKey, []);
  // An entry was a mere name once.
  const all = (Array.isArray(saved) ? saved : []).map(e => typeof e === 'string' ? { name: e, note: '' } : e);
  entries = new Map(all.filter(e => typeof e?.name === 'string').map(e => [e.name, e]));
  draw();
  changed();
}

const units = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];

// span returns a length of time, and nothing for less than a minute.
function span(seconds) {
  const [unit, word] = units.find(([unit]) => seconds >= unit) ?? [];
  return unit ? plural(Math.floor(seconds / unit), word) : '';
}

const since = time => (Date.now() - new Date(time)) / 1000;

function age(time) {
  const text = span(since(time));
  return text ? `${text} ago` : 'just now';
}

const parts = { for_sale: 'offer', status: 'status', expires: 'expiry' };

// wasOf tells how a name was before the last change that a watch has found.
function wasOf({ changes: [change] = [] }) {
  if (!change) return '';
  const verdict = { found: 'taken', 'not-found': 'free' }[change.old];
  return verdict ? `was ${verdict}` : `${parts[change.of]} was ${change.old || 'none'}`;
}

const changeOf = row => wasOf(row) && `${wasOf(row)}, changed ${age(row.changes[0].at)}`;

function nextLook({ next }) {
  const text = next && span(-since(next));
  return `next look ${text ? `in ${text}` : 'is due'}`;
}

function badge(row) {
  const state = row ? stateOf(row) : 'unknown';
  const text = row ? `${states[state].mark} ${states[state].word}${byRegistry(row) && state === 'taken' ? ', says the registry' : ''}` : 'unknown';
  const e = element('span', { className: 'badge' }, text);
  e.dataset.s = state;
  return e;
}

const hint = (...facts) => element('span', { className: 'hint' }, facts.filter(Boolean).join(' · '));

function item(entry) {
  const { name, row, note, was } = entry, watch = watched.watchedRow(name);
  const field = element('input', { value: note ?? '', placeholder: 'Note', ariaLabel: `Note about ${name}`, maxLength: 200 });
  field.addEventListener('input', () => {
    entry.note = field.value;
    write();
  });
  const changed = watch && changeOf(watch) || (was && row && was !== stateOf(row) ? `was ${states[was].word}` : '');
  const away = act('×', () => {
    remove(name);
    ($('saved').querySelector('button') || $('shortlist-close')).focus();
  }, { ariaLabel: `Remove ${name}`, className: 'quiet' });
  return element('li', {}, element('bdi', { className: 'full' }, row?.unicode || name), badge(row), away,
    hint(row?.checked_at ? age(row.checked_at) : 'not looked at', changed, watch && `◉ watched, ${nextLook(watch)}`), field);
}

const mostWatched = 100; // in the document

function drawWatched() {
  const others = watched.watchedRows().filter(row => !has(row.domain));
  // What has changed comes first, then what comes next.
  const at = row => row.changes?.[0].at ?? '';
  others.sort((a, b) => at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : (a.next ?? '') < (b.next ?? '') ? -1 : 1);
  $('watched').hidden = others.length === 0;
  $('watched-count').textContent = others.length > mostWatched ? `${mostWatched} of ${plural(others.length, 'name')}` : '';
  $('watched-list').replaceChildren(...others.slice(0, mostWatched).map(row => element('li', {},
    element('bdi', { className: 'full' }, row.domain), badge(row.checked_at && row),
    act('☆', () => toggle(row), { className: 'quiet', ariaLabel: `Keep ${row.domain} on the shortlist` }), hint(changeOf(row), nextLook(row)))));
}

function draw() {
  const n = entries.size;
  $('open-shortlist').querySelector('b').textContent = n || '';
  $('saved').replaceChildren(...[...entries.values()].map(item));
  $('shortlist-empty').hidden = n > 0;
  $('shortlist-tools').hidden = n === 0;
  $('saved-confirm').hidden = !offer.confirm;
  if ($('shortlist').open) drawWatched();
}

let drawing = 0; // timer

// drawSoon draws what a watch has found, unless that takes the focus from somebody.
function drawSoon() {
  drawing ||= setTimeout(() => {
    drawing = 0;
    if (document.activeElement.closest('.names')) drawSoon();
    else update();
  }, 250);
}

// hear takes in what a watch has found.
function hear(row, old) {
  for (const { domain, checked_at: at } of row ? [row] : watched.watchedRows()) {
    const kept = entries.get(domain);
    if (kept && at && !(kept.row && new Date(kept.row.checked_at) >= new Date(at))) renew(domain, watched.watchedRow(domain));
  }
  if (old) toast(`${row.domain} is ${states[stateOf(row)].word} now; ${wasOf(row)}.`);
  drawSoon();
}

const renew = (name, row) => {
  const entry = entries.get(name);
  if (!entry) return;
  entry.was = entry.row && stateOf(entry.row);
  entry.row = row;
};

// work runs one task over the shortlist at a time, and says how it went.
async function work(task) {
  working?.abort();
  const mine = working = new AbortController();
  const tell = text => { if (mine === working) $('shortlist-note').textContent = text; };
  try {
    await task(mine.signal, tell);
  } catch (error) {
    if (!mine.signal.aborted) tell(error.message);
  }
  if (mine === working) working = null;
  update();
}

const checkAgain = () => work(async (signal, tell) => {
  tell('Asking …');
  const { batches } = await probe({ keyword: names() }, signal);
  let n = 0;
  for await (const batch of batches) {
    for (const row of batch) renew(row.domain, row);
    tell(`${n += batch.length} of ${plural(entries.size, 'name')}`);
  }
});

const wait = (seconds, signal) => new Promise((resolve, reject) => {
  setTimeout(resolve, seconds * 1000);
  signal.addEventListener('abort', reject);
});

// confirmAll asks the registries about the names one after another, no faster
// than the server lets it.
const confirmAll = () => work(async (signal, tell) => {
  const all = names();
  for (let i = 0; i < all.length && !signal.aborted;) {
    tell(`The registry is asked about ${all[i]} (${i + 1} of ${all.length}) …`);
    try {
      const row = entries.get(all[i])?.row;
      renew(all[i], await confirm({ keyword: all[i], tld: '', ...row, domain: all[i] }));
      draw();
    } catch (error) {
      if (!error.retryAfter) throw error;
      await wait(error.retryAfter, signal);
      continue;
    }
    i++;
  }
  tell(`${plural(all.length, 'name')} confirmed.`);
});

// listen loads the shortlist, and again when another tab changes it.
export function listen(onChange, onCompare) {
  [changed, compare] = [onChange, onCompare];
  window.addEventListener('storage', event => {
    if (event.key === storeKey) load();
  });
  const on = (id, run) => $(id).addEventListener('click', run);
  on('open-shortlist', () => {
    $('shortlist').showModal();
    draw();
  });
  on('shortlist-close', () => $('shortlist').close());
  $('shortlist').addEventListener('close', () => working?.abort());
  on('saved-again', checkAgain);
  on('saved-confirm', confirmAll);
  on('saved-compare', () => {
    $('shortlist').close();
    compare([...new Set(names().map(name => name.slice(0, name.indexOf('.'))))]);
  });
  on('saved-copy', () => copy($('saved-copy'), names()));
  on('saved-link', () => copy($('saved-link'), [`${location.origin}/#keyword=${names().map(encodeURIComponent).join(',')}`]));
  on('saved-csv', () => download('shortlist.csv', 'text/csv', csv([...entries.values()].map(e => e.row ?? { domain: e.name, verdict: 'unknown' }))));
  on('saved-clear', () => {
    const before = entries;
    entries = new Map();
    toast('The shortlist is empty.', () => {
      entries = before;
      update();
    });
    update();
  });
  load();
}

// follow takes in what a watch finds, once it is known what the server offers.
export const follow = () => watched.listen(hear);
