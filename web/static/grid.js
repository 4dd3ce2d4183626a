// The table of the results: a row for each label with a cell for each TLD, and a
// row with one cell for each whole domain.

import { $, collator, element } from './dom.js';
import { stars } from './favourites.js';
import { chosenTLDs, isDomain } from './form.js';
import { keyOf, marks, shown, words } from './model.js';

let lines = new Map();  // {label, at, whole, tr} by label, of whole domains by keyOf
let columns = [];       // TLDs
let places = new Map(); // the place in the order, by what is typed

const body = $('grid').tBodies[0], head = $('grid').tHead.rows[0];

function labelOf(row) {
  return row.tld && row.domain.endsWith('.' + row.tld) ? row.domain.slice(0, -row.tld.length - 1) : row.domain;
}

function shownLabel(row, label) {
  if (!row.unicode) return label;
  const u = row.unicode.split('.').slice(0, label.split('.').length).join('.');
  return u === label ? label : `${u} (${label})`;
}

export function clear() {
  lines = new Map();
  columns = [];
  places = new Map();
  body.replaceChildren();
  head.replaceChildren();
  addHead('name');
}

const addHead = text => head.append(element('th', { scope: 'col' }, text));

function addColumn(tld) {
  columns.push(tld);
  addHead('.' + tld);
  for (const line of lines.values()) {
    if (line.whole) line.tr.cells[1].colSpan = columns.length;
    else line.tr.append(waiting());
  }
}

const waiting = () => element('td', { className: 'waiting' }, '·');

// addLine adds a row to the table. The cell of a whole domain belongs to no
// column.
function addLine(key, label, text, at, whole = false) {
  const line = { label, at, whole, tr: element('tr') };
  const th = element('th', { scope: 'row', title: label }, element('bdi', {}, text));
  line.tr.append(th);
  if (whole) {
    th.id = `whole-${lines.size}`;
    const td = element('td', { colSpan: Math.max(columns.length, 1) });
    td.setAttribute('headers', th.id);
    line.tr.append(td);
  } else {
    line.tr.append(...columns.map(waiting));
  }
  lines.set(key, line);
  body.append(line.tr);
  return line;
}

// prepare draws an empty table for a query, as far as its rows and columns are
// known without the server and are not too many.
export function prepare(query) {
  const prefixes = new Set(['', ...query.prefix]), suffixes = new Set(['', ...query.suffix]);
  for (const keyword of query.keyword.map(word => word.toLowerCase())) {
    if (isDomain(keyword)) {
      places.set(keyword, places.size);
      continue;
    }
    for (const prefix of prefixes) for (const suffix of suffixes) {
      const text = prefix.toLowerCase() + keyword + suffix.toLowerCase();
      if (!places.has(text)) places.set(text, places.size);
    }
  }
  if (query.keyword.every(isDomain)) {
    addHead('verdict');
    return;
  }
  const chosen = chosenTLDs().filter(tld => /^[a-z0-9.-]+$/.test(tld));
  chosen.forEach(addColumn);
  if (places.size * chosen.length > 5000) return;
  for (const [text, at] of places) if (/^[a-z0-9-]+$/.test(text)) addLine(text, text, text, at);
}

// isWhole reports whether a row of the results is shown as a whole domain. If a
// keyword makes the same name, the row has its cell below the TLD.
function isWhole(row) {
  const label = labelOf(row);
  return isDomain(row.keyword) && (isDomain(label) || !places.has(label) || !columns.includes(row.tld));
}

function lineOf(row, whole) {
  const label = whole ? row.domain : labelOf(row), key = whole ? keyOf(row) : label;
  const known = lines.get(key);
  if (known) return known;
  const text = shownLabel(row, label);
  const at = places.get(text.split(' ')[0]) ?? places.get(row.keyword.toLowerCase()) ?? places.size + lines.size;
  return addLine(key, label, text, at, whole);
}

function cellOf(row) {
  if (isWhole(row)) return lineOf(row, true).tr.cells[1];
  if (!columns.includes(row.tld)) addColumn(row.tld);
  return lineOf(row, false).tr.cells[1 + columns.indexOf(row.tld)];
}

export function draw(row) {
  const td = cellOf(row);
  td.className = '';
  td.dataset.v = row.verdict;
  td.dataset.key = keyOf(row);
  td.dataset.name = row.domain;
  const verdict = element('button', { type: 'button', className: 'verdict', tabIndex: -1, title: `${row.domain}: ${row.reason}` },
    element('b', { ariaHidden: 'true' }, marks[row.verdict]), ' ', words[row.verdict]);
  if (row.source.includes('+')) verdict.append(' ', element('small', {}, 'confirmed'));
  td.replaceChildren(element('div', {}, verdict));
  if (row.verdict === 'invalid') return;
  td.firstChild.append(element('button', { type: 'button', className: 'star', tabIndex: -1 }));
  drawStar(td);
}

function drawStar(td) {
  const star = td.querySelector('.star'), on = stars.has(td.dataset.name);
  if (!star) return;
  star.textContent = on ? '★' : '☆';
  star.ariaPressed = String(on);
  star.ariaLabel = `Favourite ${td.dataset.name}`;
}

export function drawStars() {
  for (const td of body.querySelectorAll('td[data-v]')) drawStar(td);
  if ($('show').value === 'starred') arrange();
}

const fits = (show, row) => show === 'all' || (show === 'starred' ? row.verdict !== 'invalid' && stars.has(row.domain) : row.verdict === show);

// arrange applies the filter and the order.
export function arrange() {
  const show = $('show').value;
  let some = false;
  for (const line of lines.values()) {
    let any = show === 'all';
    line.free = 0;
    for (const td of line.tr.cells) {
      if (!td.dataset.v) continue;
      const row = shown.rows.get(td.dataset.key), yes = fits(show, row);
      td.classList.toggle('off', !yes);
      any ||= yes;
      line.free += row.verdict === 'not-found';
    }
    line.tr.hidden = !any;
    some ||= any;
  }
  const by = {
    input: (a, b) => a.at - b.at,
    name: (a, b) => collator.compare(a.label, b.label),
    length: (a, b) => a.label.length - b.label.length || collator.compare(a.label, b.label),
    free: (a, b) => b.free - a.free || a.at - b.at,
  }[$('sort').value];
  const sorted = [...lines.values()].sort(by);
  if (sorted.some((line, i) => body.rows[i] !== line.tr)) {
    const focused = document.activeElement;
    body.append(...sorted.map(line => line.tr));
    if (body.contains(focused)) focused.focus({ preventScroll: true });
  }
  $('empty').hidden = some;
  $('wide').hidden = !some;
  for (const id of ['copy', 'csv', 'json']) $(id).disabled = !some || shown.rows.size === 0;
  reachable();
}

// reachable makes one cell a stop of the Tab key. The arrow keys reach the others.
export function reachable(to) {
  const at = body.querySelector('.verdict[tabindex="0"]');
  const ok = b => b && !b.closest('.off') && !b.closest('tr').hidden;
  if (to) {
    if (at) at.tabIndex = -1;
    to.tabIndex = 0;
  } else if (!ok(at)) {
    if (at) at.tabIndex = -1;
    const first = [...body.querySelectorAll('tr:not([hidden]) td:not(.off) .verdict')][0];
    if (first) first.tabIndex = 0;
  }
}

// visibleRows returns the rows that the filter leaves, in the order of the table.
export function visibleRows() {
  const visible = [];
  for (const tr of body.rows) {
    if (tr.hidden) continue;
    for (const td of tr.querySelectorAll('td[data-v]:not(.off)')) visible.push(shown.rows.get(td.dataset.key));
  }
  return visible;
}

// listen handles clicks and keys in the table.
export function listen({ open, toggleStar, onKey }) {
  $('grid').addEventListener('click', event => {
    const td = event.target.closest('td[data-v]'), button = event.target.closest('button');
    if (!td || !button) return;
    reachable(td.querySelector('.verdict'));
    if (button.classList.contains('star')) toggleStar(td.dataset.name);
    else open(td.dataset.key);
  });
  $('grid').addEventListener('keydown', onKey);
}
