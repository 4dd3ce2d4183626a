// The state of the page: what the server offers, and the search that is shown.

export const offer = { presets: [], tlds: [], prefixes: [], suffixes: [], reasons: {}, max_names: 10000, confirm: false };

export const shown = {
  query: null,   // null before the first search
  live: false,   // the search began while somebody typed
  expected: 0,   // rows that the server has announced
  running: null, // AbortController
  state: '',     // how far the search is
  filter: '',    // the state of the names that are shown, or saved; empty for all
};

// The states of a name, in the order in which they are worth a look.
export const states = {
  free: { word: 'free', mark: '✓' },
  likely: { word: 'likely free', mark: '✓' },
  sale: { word: 'for sale', mark: '$' },
  unknown: { word: 'unknown', mark: '?' },
  taken: { word: 'taken', mark: '×' },
  invalid: { word: 'impossible', mark: '–' },
};
const worth = Object.keys(states);
export const worthOf = row => row ? worth.indexOf(stateOf(row)) : worth.length;

// byRegistry reports whether the registry has said so itself.
export const byRegistry = row => row.source.includes('+');

export function stateOf(row) {
  switch (row.verdict) {
    case 'not-found': return byRegistry(row) ? 'free' : 'likely';
    case 'found': return row.for_sale ? 'sale' : 'taken';
  }
  return row.verdict;
}

// The same name under two TLDs, as foo.github.io under io and under github.io,
// has two rows.
export const keyOf = row => `${row.domain} ${row.tld}`;

// A look is one row that can be replaced, wherever it is shown.
export const lookOf = (rows, key, changed) => ({
  get row() { return rows.get(key); },
  put(row) {
    rows.set(key, row);
    changed(row);
  },
});
