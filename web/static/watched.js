// The names that domprobe watch looks at, as far as the server knows them.

import { offer } from './model.js';
import { askJSON } from './server.js';

const later = 30e3; // ms until a server that refuses is asked again

let all = new Map(); // rows with changes and next, by name
let heard = () => {};
let stream = null; // EventSource
let waiting = 0;   // timer

export const watchedRow = name => all.get(name);
export const watchedRows = () => [...all.values()];

// rowOf makes a row of what the server tells of a watched name.
const rowOf = w => ({
  ...w, keyword: w.domain, tld: '', unicode: '', price: w.for_sale === 'yes' ? '' : w.for_sale, checked_at: w.looked,
  source: /^rdap-(not-)?(registered|reserved)$/.test(w.reason) ? 'dns+rdap' : 'dns',
});

async function load() {
  try {
    const { watched } = await askJSON('/v1/watched');
    all = new Map(watched.map(w => [w.domain, rowOf(w)]));
    heard();
  } catch {
    close(); // the names before stay
    waiting = setTimeout(open, later);
  }
}

function tell(event) {
  const row = rowOf(JSON.parse(event.data)), old = all.get(row.domain);
  all.set(row.domain, row);
  heard(row, event.type === 'change' ? old : null);
}

// open listens while the page is seen: a browser has few connections to a server.
function open() {
  close();
  if (!offer.watched || document.hidden) return;
  stream = new EventSource('/v1/watched/events');
  stream.addEventListener('list', load);
  stream.addEventListener('look', tell);
  stream.addEventListener('change', tell);
  stream.addEventListener('error', () => {
    if (stream?.readyState === EventSource.CLOSED) waiting = setTimeout(open, later);
  });
}

function close() {
  clearTimeout(waiting);
  stream?.close();
  stream = null;
}

// listen calls back when the names are read, and with each name that was looked at,
// and as it was before a change.
export function listen(onNews) {
  heard = onNews;
  document.addEventListener('visibilitychange', open);
  open();
}
