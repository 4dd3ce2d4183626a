// The shortlist, which the browser keeps: names with the verdict of their last
// look, and notes.

import { $, act, element, keep, plural, stored, toast } from './dom.js';
import { copy, download, csv } from './export.js';
import { byRegistry, offer, stateOf, states } from './model.js';
import { confirm, probe } from './server.js';

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

const ages = [[86400, 'day'], [3600, 'hour'], [60, 'minute']];

function age(row) {
  const seconds = row?.checked_at ? (Date.now() - new Date(row.checked_at)) / 1000 : 0;
  if (!row) return 'not looked at';
  const [unit, word] = ages.find(([unit]) => seconds >= unit) ?? [];
  return unit ? `${plural(Math.floor(seconds / unit), word)} ago` : 'just now';
}

function item(entry) {
  const { name, row, note, was } = entry, state = row && stateOf(row);
  const field = element('input', { value: note ?? '', placeholder: 'Note', ariaLabel: `Note about ${name}`, maxLength: 200 });
  field.addEventListener('input', () => {
    entry.note = field.value;
    write();
  });
  const word = row ? `${states[state].mark} ${states[state].word}${byRegistry(row) && state === 'taken' ? ', says the registry' : ''}` : 'unknown';
  const badge = element('span', { className: 'badge' }, word);
  badge.dataset.s = state ?? 'unknown';
  const change = was && was !== state ? element('span', { className: 'hint' }, `was ${states[was].word}`) : '';
  const away = act('×', () => {
    remove(name);
    ($('saved').querySelector('button') || $('shortlist-close')).focus();
  }, { ariaLabel: `Remove ${name}`, className: 'quiet' });
  return element('li', {}, element('bdi', { className: 'full' }, row?.unicode || name), badge,
    element('span', { className: 'hint' }, age(row)), change, field, away);
}

function draw() {
  const n = entries.size;
  $('open-shortlist').querySelector('b').textContent = n || '';
  $('saved').replaceChildren(...[...entries.values()].map(item));
  $('shortlist-empty').hidden = n > 0;
  $('shortlist-tools').hidden = n === 0;
  $('saved-confirm').hidden = !offer.confirm;
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
    draw();
    $('shortlist').showModal();
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
