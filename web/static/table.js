// The rows of a search: a line for each label with its rows by TLD, and a line
// with one row for each whole domain.

import { $ } from './dom.js';
import { chosenTLDs } from './form.js';
import { isFree, keyOf, lookOf, shown, stateOf, states, worthOf } from './model.js';
import { has } from './shortlist.js';
import { isDomain } from './words.js';

export const rows = new Map(); // as the server sent them, by keyOf
export let counts = {};        // rows by state
let lines = new Map();         // {key, label, text, at, whole, rows, free, score} by label, of whole domains by keyOf
let columns = [];              // TLDs
let places = new Map();        // the place in the order, by what is typed

const labelOf = row => row.tld && row.domain.endsWith('.' + row.tld) ? row.domain.slice(0, -row.tld.length - 1) : row.domain;

// unicodeOf returns the U-label form of the label of a row, if it has one.
function unicodeOf(row, label) {
  const u = row.unicode.split('.').slice(0, label.split('.').length).join('.');
  return u === label ? '' : u;
}

function addLine(key, label, at, whole = false) {
  const line = { key, label, text: label, at, whole, rows: new Map(), free: 0, score: 0 };
  lines.set(key, line);
  return line;
}

// prepare makes the lines of a query that are known without the server.
export function prepare(query) {
  rows.clear();
  counts = Object.fromEntries(Object.keys(states).map(s => [s, 0]));
  [lines, places, columns] = [new Map(), new Map(), []];
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
  if (query.keyword.every(isDomain)) return;
  columns = chosenTLDs(query).filter(tld => /^[a-z0-9.-]+$/.test(tld));
  for (const [text, at] of places) if (/^[a-z0-9-]+$/.test(text)) addLine(text, text, at);
}

// isWhole reports whether a row is shown as a whole domain. If a keyword makes the
// same name, the row is one of its label.
function isWhole(row, label) {
  return isDomain(row.keyword) && (isDomain(label) || !places.has(label) || !columns.includes(row.tld));
}

function lineOf(row) {
  const label = labelOf(row), whole = isWhole(row, label), key = whole ? keyOf(row) : label;
  const u = row.unicode && unicodeOf(row, label);
  const line = lines.get(key) ?? addLine(key, whole ? row.domain : label,
    places.get(u || label) ?? places.get(row.keyword.toLowerCase()) ?? places.size + lines.size, whole);
  if (whole) line.text = row.unicode || row.domain;
  else if (u) line.text = u;
  return line;
}

// put adds a row, or replaces the one of the same name.
export function put(row) {
  const key = keyOf(row), line = lineOf(row), old = line.rows.get(row.tld);
  if (!line.whole && !columns.includes(row.tld)) columns.push(row.tld);
  rows.set(key, row);
  line.rows.set(row.tld, row);
  if (old) counts[stateOf(old)]--;
  counts[stateOf(row)]++;
  line.free += isFree(row) - Boolean(old && isFree(old));
  line.score = Math.max(line.score, row.score ?? 0);
}

export const lookAt = (key, changed) => lookOf(rows, key, row => {
  put(row);
  changed();
});

// fits reports whether the filter lets a row through.
function fits(row, show) {
  switch (show) {
    case '': return true;
    case 'saved': return has(row.domain);
    case 'likely': return isFree(row);
    case 'taken': return row.verdict === 'found';
  }
  return stateOf(row) === show;
}

const text = (a, b) => a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
const place = (a, b) => a.at - b.at;
const orders = {
  input: place,
  name: text,
  length: (a, b) => a.label.length - b.label.length || text(a, b),
  free: (a, b) => b.free - a.free || place(a, b),
  score: (a, b) => b.score - a.score || place(a, b),
};

// entries returns the names one by one, for a list.
function entries(show, order) {
  const all = [];
  for (const line of lines.values()) {
    const tlds = line.whole ? line.rows.keys() : columns;
    for (const tld of tlds) {
      const row = line.rows.get(tld);
      if (row ? !fits(row, show) : show) continue;
      all.push({
        key: line.key + ' ' + tld, line, tld, row, text: line.whole ? line.text : `${line.text}.${tld}`,
        label: line.label, at: line.at, free: -worthOf(row), score: row?.score ?? 0,
      });
    }
  }
  return all.sort(orders[order]);
}

// asGrid reports whether a grid shows the names better than a list does.
function asGrid(show) {
  if (show || !columns.length || lines.size < 2) return false;
  const choice = $('layout').dataset.choice;
  if (choice) return choice === 'grid';
  return columns.length > 3 && lines.size > 2 && matchMedia('(min-width: 40rem)').matches;
}

// arranged returns what the filter leaves, in its order, as a list or a grid.
export function arranged() {
  const show = shown.filter, order = $('sort').value;
  if (!asGrid(show)) return { kind: 'list', items: entries(show, order), tlds: [] };
  return { kind: 'grid', items: [...lines.values()].sort(orders[order]), tlds: columns };
}

export const canGrid = () => columns.length > 0 && lines.size > 1;

// rowsOf returns the rows of an arrangement, in its order.
export function rowsOf({ kind, items, tlds }) {
  const ofLine = line => line.whole ? [...line.rows.values()] : tlds.map(tld => line.rows.get(tld));
  return (kind === 'list' ? items.map(item => item.row) : items.flatMap(ofLine)).filter(Boolean);
}

// scored reports whether the server has scored the names.
export const scored = () => [...lines.values()].some(line => line.score > 0);
