// The state of the page: what the server offers, and the search that is shown.

export const order = ['found', 'not-found', 'unknown', 'invalid'];
export const words = { 'found': 'found', 'not-found': 'not found', 'unknown': 'unknown', 'invalid': 'invalid' };
export const marks = { 'found': '+', 'not-found': '−', 'unknown': '?', 'invalid': '!' };

export const offer = { presets: [], tlds: [], prefixes: [], suffixes: [], reasons: {}, max_names: 10000, confirm: false };

export const shown = {
  query: null,     // null before the first search
  rows: new Map(), // as the server sent them, by keyOf
  expected: 0,     // rows that the server has announced
  received: 0,
  running: null,   // AbortController
  state: '',       // how far the search is
};

// The same name under two TLDs, as foo.github.io under io and under github.io,
// has two rows.
export const keyOf = row => `${row.domain} ${row.tld}`;
