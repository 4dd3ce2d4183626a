// The start of the page: examples, and the searches of the last days.

import { $, act, keep, stored } from './dom.js';
import { toAddress } from './address.js';

const storeKey = 'domprobe.recent', most = 8, dwell = 2500;

let noting = 0; // timer

const title = ({ keyword }) => keyword.slice(0, 4).join(', ') + (keyword.length > 4 ? ` +${keyword.length - 4}` : '');

function remember(query) {
  if (query.keyword.length > 500) return; // a list belongs into a file
  const entry = { title: title(query), address: toAddress(query) };
  keep(storeKey, [entry, ...read().filter(e => e.title !== entry.title)].slice(0, most));
}

const read = () => [stored(storeKey, [])].flat().filter(e => typeof e?.address === 'string' && typeof e.title === 'string');

// note remembers a search: at once if somebody has started it, after a while if
// somebody has stopped typing there.
export function note(query, how) {
  clearTimeout(noting);
  if (how === 'hand') remember(query);
  else if (how === 'live') noting = setTimeout(() => remember(query), dwell);
}

export function draw() {
  const all = read();
  $('recent').hidden = all.length === 0;
  $('recent-list').replaceChildren(...all.map(({ title, address }) => act(title, () => { location.hash = address; }, { className: 'quiet' })));
}

export function listen(tryOut) {
  for (const b of $('examples').querySelectorAll('button')) b.addEventListener('click', () => tryOut(b.dataset.text));
  $('recent-clear').addEventListener('click', () => {
    keep(storeKey, []);
    draw();
    $('keywords').focus();
  });
}
