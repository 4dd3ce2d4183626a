// The favourites, which the browser keeps.

import { $, collator, element } from './dom.js';

const storeKey = 'domprobe.favourites';

export let stars = new Set(); // names
let changed;                  // is called when a favourite is added or removed

export function toggleStar(name) {
  if (!stars.delete(name)) stars.add(name);
  try {
    localStorage.setItem(storeKey, JSON.stringify([...stars]));
  } catch {
    // This browser stores nothing: the favourites last as long as the page.
  }
  draw();
}

export const sorted = () => [...stars].sort(collator.compare);

function load() {
  try {
    const saved = JSON.parse(localStorage.getItem(storeKey) || '[]');
    stars = new Set(saved.filter(name => typeof name === 'string'));
  } catch {
    stars = new Set();
  }
  draw();
}

function draw() {
  $('favourites').hidden = stars.size === 0;
  $('stars').replaceChildren(...sorted().map(name => {
    const b = element('button', { type: 'button', ariaLabel: `Remove ${name}` }, '×');
    b.addEventListener('click', () => {
      toggleStar(name);
      ($('stars').querySelector('button') || $('keywords')).focus();
    });
    return element('li', {}, element('bdi', {}, name), b);
  }));
  changed();
}

// listen loads the favourites, and again when another tab changes them.
export function listen(onChange) {
  changed = onChange;
  window.addEventListener('storage', event => {
    if (event.key === storeKey) load();
  });
  load();
}
