// The state of the page: what the server offers, and the search that is shown.

export const offer = { presets: [], tlds: [], prefixes: [], suffixes: [], reasons: {}, max_names: 10000, confirm: false, watched: false, registrar: '' };

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
export const isFree = row => row.verdict === 'not-found' && !forbidden(row);
export const worthOf = row => row ? worth.indexOf(stateOf(row)) : worth.length;

// byRegistry reports whether the registry has said so itself.
export const byRegistry = row => row.source.includes('+') || Boolean(row.created || row.expires || row.registrar);

const refused = /[^\p{L}\p{M}\p{Nd}\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb\u200c\u200d.-]/u;

// forbidden returns a character of the name that the registries of generic TLDs
// must refuse, as IDNA2008 (RFC 5892) does: punctuation and symbols. Some names of
// older rules are still registered, and a registry of a country may do as it likes.
export function forbidden(row) {
  return row.unicode && /^[a-z]{3,}$/.test(row.tld) ? row.unicode.match(refused)?.[0] ?? '' : '';
}

export function stateOf(row) {
  switch (row.verdict) {
    case 'not-found': return forbidden(row) ? 'invalid' : byRegistry(row) ? 'free' : 'likely';
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
