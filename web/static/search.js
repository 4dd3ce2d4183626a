// A search, from the form to the last row.

import { toAddress } from './address.js';
import { $, plural } from './dom.js';
import { chooseSomething, currentQuery, drawScope, isSame, keepDraft, keywords, size, takeTLDs, tooMany } from './form.js';
import * as ideas from './ideas.js';
import { offer, shown } from './model.js';
import { beQuiet, complain, count } from './progress.js';
import * as recent from './recent.js';
import { probe, whyEnded } from './server.js';
import * as table from './table.js';
import * as view from './view.js';
import { isDomain } from './words.js';

const typingPause = 250;  // ms after the last key
const liveNames = 300;    // most names of a search while somebody types
const memoryTime = 300e3; // ms

let drawing = 0; // timer
let typing = 0;  // timer

// paint draws the rows that have arrived since the last call.
export function paint() {
  clearTimeout(drawing);
  drawing = 0;
  const arranged = table.arranged();
  view.show(arranged);
  count();
  for (const button of $('layout').children) button.ariaPressed = String(button.value === arranged.kind);
  $('layout').hidden = !table.canGrid() || shown.filter !== '';
  $('sort').querySelector('[value=score]').hidden = !table.scored();
  $('empty').hidden = !view.isEmpty() || Boolean(shown.running);
  for (const id of ['copy', 'csv', 'json']) $(id).disabled = view.isEmpty() || table.rows.size === 0;
}

// schedule collects rows before they are drawn. Timers also run in hidden tabs.
function schedule() {
  drawing ||= setTimeout(paint, table.rows.size > 2000 ? 250 : 16);
}

// unfit returns why a query cannot be searched, and the field to be changed.
function unfit(query) {
  if (!query.keyword.length) return ['Type a name first.', 'keywords'];
  if (!query.tld.length && !query.preset.length && !query.keyword.every(isDomain)) {
    return ['Choose a TLD, or type whole domains.', 'tld'];
  }
  const many = tooMany(size(query));
  return many ? [many + '.', 'keywords'] : [];
}

// Answers that are complete and fresh are not asked for again as somebody types.
const memory = new Map(); // {rows, at} by query

function recall(query) {
  const known = memory.get(JSON.stringify(query));
  if (!known || Date.now() - known.at > memoryTime) return null;
  return { names: known.rows.length, batches: [known.rows] };
}

function remember(query) {
  const rows = [...table.rows.values()];
  if (rows.length > liveNames || rows.some(row => row.verdict === 'unknown')) return;
  memory.set(JSON.stringify(query), { rows, at: Date.now() });
  if (memory.size > 50) memory.delete(memory.keys().next().value);
}

// open makes the page one of the search that has begun. A search that somebody
// starts is an entry of the history; those while typing share one.
function open(query, how) {
  const address = toAddress(query), state = { live: how === 'live' };
  const same = address === location.hash || how === 'load' || history.state?.live && how === 'live';
  history[same || history.state?.live && how === 'hand' ? 'replaceState' : 'pushState'](state, '', address);
  keepDraft();
  shown.query = query;
  shown.live = how === 'live';
  drawScope();
  ideas.clear();
  if ($('detail').open) $('detail').close();
  table.prepare(query);
  $('results').hidden = false;
  if (how === 'hand' && $('results').getBoundingClientRect().top > innerHeight * .7) $('search').scrollIntoView();
}

// run asks about the names of a query. Until the answer comes, and if none does,
// the rows of the search before stay.
async function run(query, how) {
  shown.running?.abort();
  complain('');
  const mine = shown.running = new AbortController(), before = shown.state;
  let begun = false;
  shown.state = 'searching';
  document.body.classList.add('searched');
  beQuiet();
  count();
  try {
    const { names, batches } = how === 'live' && recall(query) || await probe(query, mine.signal);
    if (mine !== shown.running) return;
    if (how !== 'resume') open(query, how);
    begun = true;
    shown.expected = names;
    shown.start = performance.now();
    paint();
    for await (const batch of batches) {
      if (mine !== shown.running) return;
      for (const row of batch) table.put(row);
      schedule();
    }
    if (table.rows.size >= shown.expected) {
      shown.state = 'done';
      shown.took = performance.now() - shown.start;
      remember(query);
      recent.note(query, how);
    } else {
      shown.state = await whyEnded('the server ended the search early');
    }
  } catch (error) {
    if (mine !== shown.running) return;
    if (mine.signal.aborted) shown.state = begun ? 'stopped' : before;
    else if (begun) shown.state = await whyEnded('the connection broke');
    else fail(error, () => run(query, how), before);
  } finally {
    if (mine === shown.running) {
      shown.running = null;
      if (shown.query) paint();
      else count();
      if (shown.state === 'done') ideas.show(query);
    }
  }
}

function fail(error, again, before) {
  shown.state = before;
  complain(error.message, error.final ? null : again, error.retryAfter);
}

// search asks about the names of the form.
export function search() {
  clearTimeout(typing);
  takeTLDs();
  const query = currentQuery(), [problem = '', field] = unfit(query);
  complain(problem);
  if (problem) {
    if (field === 'tld') $('scope').open = true;
    $(field).focus();
    return;
  }
  if (shown.running && shown.live && isSame(query, shown.query)) {
    history.replaceState({}, '', toAddress(query));
    shown.live = false;
    recent.note(query, 'hand');
    return;
  }
  run(query, 'hand');
}

// load searches for the query of the address.
export function load(query) {
  const [problem] = unfit(query);
  if (problem) complain(problem);
  else run(query, 'load');
}

// typed searches as somebody types, for a name or two.
export function typed() {
  clearTimeout(typing);
  typing = setTimeout(() => {
    const query = currentQuery(), [problem] = unfit(query);
    const short = keywords().length <= 3 && !$('keywords').value.includes('\n') && size(query) <= liveNames;
    if (problem || !short || !query.keyword.every(isFull) || isSame(query, shown.query)) return;
    run(query, 'live');
  }, typingPause);
}

// isFull reports whether a word looks as if it had been typed to its end.
const isFull = word => isDomain(word) ? offer.tlds.includes(word.slice(word.lastIndexOf('.') + 1).toLowerCase()) : word.length > 1;

// resume asks for the rows that are missing. The server still knows the others.
export const resume = () => shown.query && run(shown.query, 'resume');

// askUnknown asks about the unknown names again.
export async function askUnknown() {
  const old = Map.groupBy([...table.rows.values()].filter(row => row.verdict === 'unknown'), row => row.domain);
  const mine = shown.running = new AbortController();
  shown.state = `asking ${plural(old.size, 'name')} again`;
  count();
  try {
    const { batches } = await probe({ keyword: [...old.keys()] }, mine.signal);
    for await (const batch of batches) {
      if (mine !== shown.running) return;
      for (const row of batch) for (const { keyword, tld } of old.get(row.domain) ?? []) table.put({ ...row, keyword, tld });
      schedule();
    }
  } catch (error) {
    if (mine === shown.running && !mine.signal.aborted) complain(error.message, askUnknown, error.retryAfter);
  }
  if (mine !== shown.running) return;
  shown.running = null;
  shown.state = 'done';
  paint();
}

// blank shows the form alone.
export function blank() {
  shown.running?.abort();
  shown.running = shown.query = null;
  shown.state = '';
  complain('');
  ideas.clear();
  document.title = 'domprobe';
  document.body.classList.remove('searched');
  $('results').hidden = true;
  recent.draw();
  chooseSomething();
  $('keywords').focus();
}

export function stop() {
  clearTimeout(typing);
  complain('');
  if (!shown.running) return;
  shown.running.abort();
  $('keywords').focus({ preventScroll: true });
}
