// A search, from the form to the last row.

import { toAddress } from './address.js';
import { $, complain } from './dom.js';
import { chooseSomething, currentQuery, isDomain, size, takeTLDs, tooMany } from './form.js';
import * as grid from './grid.js';
import { keyOf, shown } from './model.js';
import { beQuiet, count } from './progress.js';
import { lineByLine, refused } from './server.js';

let fresh = [];  // rows that are not drawn yet
let drawing = 0; // timer

// paint draws the rows that have arrived since the last call.
function paint() {
  clearTimeout(drawing);
  drawing = 0;
  for (const row of fresh) grid.draw(row);
  fresh = [];
  grid.arrange();
  count();
}

// schedule collects rows before they are drawn. Timers also run in hidden tabs.
function schedule() {
  drawing ||= setTimeout(paint, shown.rows.size > 2000 ? 250 : 16);
}

function clear() {
  $('detail').close();
  Object.assign(shown, { rows: new Map(), expected: 0, received: 0 });
  fresh = [];
  grid.clear();
}

// unfit returns why a query cannot be searched, and the field to be changed.
function unfit(query) {
  if (!query.keyword.length) return ['Type a keyword first.', 'keywords'];
  if (!query.tld.length && !query.preset.length && !query.keyword.every(isDomain)) {
    return ['Choose a TLD, or type whole domains.', 'tld'];
  }
  const many = tooMany(size());
  return many ? [many + '.', 'keywords'] : [];
}

// search asks the server about the names of the form. A search that the user
// starts is an entry of the history.
export async function search(byHand) {
  takeTLDs();
  const query = currentQuery(), [problem = '', field] = unfit(query);
  complain(problem);
  if (problem) {
    $(field).focus();
    return;
  }
  shown.running?.abort();
  const mine = shown.running = new AbortController();
  shown.query = query;
  const address = toAddress(query);
  if (byHand && address !== location.hash) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  clear();
  grid.prepare(query);
  shown.state = 'searching';
  shown.expected = size(); // until the server announces it
  beQuiet();
  count();
  $('stop').disabled = false;
  $('results').hidden = false;
  if ($('results').getBoundingClientRect().top > innerHeight * .8) $('results').scrollIntoView();
  try {
    const response = await fetch('/v1/probe', {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(query), signal: mine.signal,
    });
    if (!response.ok) {
      complain(await refused(response));
      $('results').hidden = true;
      return;
    }
    shown.expected = Number(response.headers.get('Domprobe-Names'));
    paint();
    for await (const batch of lineByLine(response)) {
      for (const row of batch) shown.rows.set(keyOf(row), row);
      fresh.push(...batch);
      shown.received += batch.length;
      schedule();
    }
    shown.state = shown.received < shown.expected ? 'ended early' : 'done';
  } catch (error) {
    if (mine !== shown.running) return;
    shown.state = mine.signal.aborted ? 'stopped' : 'the connection broke';
    if (!mine.signal.aborted) complain('The connection to the server broke. The rows until then are below.');
  } finally {
    if (mine === shown.running) {
      shown.running = null;
      $('stop').disabled = true;
      if (document.activeElement === document.body) $('go').focus({ preventScroll: true });
      paint();
    }
  }
}

// blank shows the form alone.
export function blank() {
  shown.running?.abort();
  shown.running = shown.query = null;
  clear();
  document.title = 'domprobe';
  $('stop').disabled = $('results').hidden = true;
  chooseSomething();
  $('keywords').focus();
}

export function stop() {
  if (!shown.running) return;
  shown.running.abort();
  $('go').focus();
}
