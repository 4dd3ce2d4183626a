// The window of the results that is in the document: the lines around those that
// can be seen, of which each stands at its place in a box as high as all of them.

import { $, element } from './dom.js';
import { patchEntry, patchLine, newEntry, newLine } from './line.js';
import { stateOf } from './model.js';
import { rowsOf } from './table.js';

const spare = 6; // lines and columns beyond those that can be seen

let shape = { kind: 'list', items: [], tlds: [] };
let drawn = new Map(); // elements in the document, by the key of their item
let at = { i: 0, c: 0 }; // the cell that the Tab key reaches
let measures = {};
let waiting = 0;

const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

// show draws an arrangement of the results.
export function show(next) {
  const key = shape.items[at.i]?.key;
  if (next.kind !== shape.kind) {
    drawn.clear();
    $('lines').replaceChildren();
  }
  shape = next;
  const i = shape.items.findIndex(item => item.key === key);
  at = { i: Math.max(i, 0), c: Math.min(i < 0 ? 0 : at.c, Math.max(shape.tlds.length - 1, 0)) };
  measure();
  render();
}

const pen = document.createElement('canvas').getContext('2d');

// widthOf returns how wide a text is in the first column.
function widthOf(text) {
  pen.font = `550 ${rem()}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

// fit makes a grid as wide as the line above it, or else no wider than the window, if
// its columns need not get much narrower for that.
function fit(line, most) {
  const n = shape.tlds.length, room = width => width - 2 - measures.first;
  const width = [Math.min(line, most), most].find(width => room(width) / n > .85 * measures.column);
  if (!width) return;
  measures.column = Math.min(measures.column, Math.floor(room(width) / n));
  if (width <= line) measures.first += room(width) - n * measures.column;
}

function measure() {
  const { kind, items, tlds } = shape, unit = rem(), grid = $('grid');
  const longest = items.reduce((most, { text }) => text.length > most.length ? text : most, 'Name');
  const longestTLD = tlds.reduce((n, tld) => Math.max(n, tld.length), 0), tall = longestTLD > 4;
  measures = {
    row: (kind === 'list' ? 3.25 : 2.5) * unit, column: 2.75 * unit,
    head: Math.min(longestTLD * .5 + 2, 9) * unit,
    first: kind === 'list' ? 0 : Math.min(widthOf(longest) + 2.25 * unit, (innerWidth / unit < 40 ? 8 : 18) * unit),
  };
  if (kind === 'grid') fit(46 * unit, $('results').clientWidth);
  grid.dataset.kind = kind;
  grid.ariaRowCount = String(items.length + (kind === 'grid'));
  grid.ariaColCount = String(kind === 'list' ? 2 : tlds.length + 1);
  $('head').hidden = kind === 'list';
  $('head').classList.toggle('tall', tall);
  const width = kind === 'list' ? '' : `${measures.first + tlds.length * measures.column}px`;
  grid.style.width = width;
  for (const name of ['row', 'column', 'first', 'head']) grid.style.setProperty('--' + name, `${measures[name]}px`);
  $('lines').style.height = `${items.length * measures.row}px`;
}

// windowOf returns the lines and columns to be drawn.
function windowOf() {
  const box = $('wide').getBoundingClientRect(), lines = $('lines').getBoundingClientRect();
  const top = Math.max(box.top, 0) - lines.top, bottom = Math.min(box.bottom, innerHeight) - lines.top;
  const { items, tlds } = shape, bounded = (n, most) => Math.max(0, Math.min(n, most));
  const left = $('wide').scrollLeft;
  return {
    from: bounded(Math.floor(top / measures.row) - spare, items.length),
    to: bounded(Math.ceil(bottom / measures.row) + spare, items.length),
    left: bounded(Math.floor(left / measures.column) - spare, tlds.length),
    right: bounded(Math.ceil((left + box.width) / measures.column) + spare, tlds.length),
  };
}

// render draws the window. The line with the focus stays in the document.
export function render() {
  const { kind, items, tlds } = shape, w = windowOf(), focused = $('lines').contains(document.activeElement) && document.activeElement;
  const wanted = [];
  for (let i = w.from; i < w.to; i++) wanted.push(i);
  if (items[at.i] && (at.i < w.from || at.i >= w.to)) wanted[at.i < w.from ? 'unshift' : 'push'](at.i);
  if (kind === 'grid') drawHead(w);
  const keep = new Map();
  for (const i of wanted) {
    const item = items[i], el = drawn.get(item.key) ?? (kind === 'list' ? newEntry() : newLine());
    keep.set(item.key, el);
    el.ariaRowIndex = String(i + 1 + (kind === 'grid'));
    el.style.transform = `translateY(${i * measures.row}px)`;
    const tab = i === at.i ? at.c : -1;
    if (kind === 'list') patchEntry(el, item, tab);
    else patchLine(el, item, tlds, w, tab);
  }
  for (const [key, el] of drawn) if (!keep.has(key)) el.remove();
  drawn = keep;
  let next = $('lines').firstChild;
  for (const el of keep.values()) {
    if (el === next) next = next.nextSibling;
    else $('lines').insertBefore(el, next);
  }
  if (focused && document.activeElement !== focused) cellAt()?.focus({ preventScroll: true });
}

function drawHead(w) {
  const { tlds } = shape;
  $('head').replaceChildren(element('div', { className: 'name', role: 'columnheader', ariaColIndex: '1' }, 'Name'));
  for (let c = w.left; c < w.right; c++) {
    const props = { className: 'tld', role: 'columnheader', ariaColIndex: String(c + 2), title: '.' + tlds[c] };
    const th = element('div', props, element('span', {}, '.' + tlds[c]));
    th.style.left = `${measures.first + c * measures.column}px`;
    $('head').append(th);
  }
}

const cellAt = () => drawn.get(shape.items[at.i]?.key)?.querySelector('[tabindex="0"]');

// go moves to a cell and gives it the focus.
export function go(i, c) {
  if (!shape.items.length) return;
  at = { i: Math.max(0, Math.min(i, shape.items.length - 1)), c: Math.max(0, Math.min(c, shape.tlds.length - 1)) };
  render();
  const cell = cellAt();
  cell?.focus({ preventScroll: true });
  cell?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || !event.target.closest('[data-cell]')) return;
  const page = Math.max(1, Math.floor(innerHeight / measures.row) - 3);
  const steps = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0],
    Home: [0, -1e6], End: [0, 1e6],
  };
  const step = steps[event.key];
  if (!step) return;
  event.preventDefault();
  if (event.key === 'ArrowUp' && at.i === 0) $('keywords').focus();
  else go(at.i + step[0], at.c + step[1]);
}

// placeOf returns the cell in which an event has happened.
function placeOf(event) {
  const cell = event.target.closest('[data-cell], .star'), line = cell?.closest('[role=row]');
  const item = line && shape.items.find(item => drawn.get(item.key) === line);
  if (!item) return {};
  const c = Number(cell.dataset.cell ?? 0);
  const row = shape.kind === 'list' ? item.row : item.whole ? [...item.rows.values()][0] : item.rows.get(shape.tlds[c]);
  return { i: shape.items.indexOf(item), c, row };
}

export const visibleRows = () => rowsOf(shape);
export const isEmpty = () => shape.items.length === 0;

// listen handles scrolling, clicks and keys. open and toggle are called with a row.
export function listen({ open, toggle }) {
  const later = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      if (!$('results').hidden) render();
    });
  };
  document.addEventListener('scroll', later, { capture: true, passive: true });
  window.addEventListener('resize', () => {
    measure();
    later();
  });
  $('lines').addEventListener('click', event => {
    const { i, c, row } = placeOf(event);
    if (!row) return;
    if (event.target.closest('.star')) return toggle(row);
    go(i, c);
    open(row);
  });
  $('lines').addEventListener('keydown', event => {
    const { row } = placeOf(event);
    if (event.target.closest('.star')) return;
    if (row && event.key === 'Enter') open(row);
    else if (row && event.key.toLowerCase() === 's' && !event.ctrlKey && !event.metaKey && stateOf(row) !== 'invalid') toggle(row);
    else return onKey(event);
    event.preventDefault();
  });
}

// focus gives the focus to the cell that had it last.
export const focus = () => go(at.i, at.c);
