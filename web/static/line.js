// A line of the results in the document, as an entry of a list or as a line of a
// grid. An element is changed where its item has changed, and only there.

import { element } from './dom.js';
import { byRegistry, stateOf, states } from './model.js';
import { has } from './shortlist.js';

// set changes a property only if it differs: each change costs style and layout.
function set(e, name, value) {
  if (e[name] !== value) e[name] = value;
}

const labelOf = (name, row, saved) => row
  ? `${name}: ${wordsFor(row)}${saved ? ', on the shortlist' : ''}`
  : `${name}: waiting`;

const wordsFor = row => {
  const { word } = states[stateOf(row)];
  return byRegistry(row) && row.verdict === 'found' ? `${word}, says the registry` : word;
};

export function newEntry() {
  const mark = element('span', { className: 'mark', ariaHidden: 'true' });
  const name = element('bdi', { className: 'full' }), word = element('span', { className: 'word' });
  const cell = element('div', { className: 'entry', role: 'gridcell' }, mark, name, ' ', word);
  cell.dataset.cell = '0';
  const star = element('button', { type: 'button', className: 'star', tabIndex: -1 });
  const el = element('div', { className: 'line', role: 'row' }, cell, element('div', { role: 'gridcell' }, star));
  return Object.assign(el, { parts: { cell, mark, name, word, star } });
}

export function patchEntry(el, { row, text, line, tld }, tab) {
  const { cell, mark, name, word, star } = el.parts, saved = Boolean(row) && has(row.domain);
  set(cell, 'tabIndex', tab < 0 ? -1 : 0);
  if (el.row === row && el.saved === saved && el.text === text) return;
  Object.assign(el, { row, saved, text });
  const state = row ? stateOf(row) : '';
  el.dataset.s = state;
  cell.dataset.name = row?.domain ?? text;
  set(mark, 'textContent', row ? states[state].mark : '·');
  const label = line.whole || !tld ? '' : text.slice(0, -tld.length - 1);
  name.replaceChildren(...label ? [label, element('span', { className: 'end' }, '.' + tld)] : [text]);
  set(word, 'textContent', row ? wordsFor(row) : 'waiting');
  star.hidden = !row || state === 'invalid';
  drawStar(star, row?.domain ?? '', saved);
}

// drawStar shows on a button whether a name is on the shortlist.
export function drawStar(star, name, saved) {
  set(star, 'textContent', saved ? '★' : '☆');
  set(star, 'ariaPressed', String(saved));
  set(star, 'ariaLabel', `Keep ${name} on the shortlist`);
}

export function newLine() {
  const name = element('bdi'), head = element('div', { className: 'name', role: 'rowheader', ariaColIndex: '1' }, name);
  const el = element('div', { className: 'line', role: 'row' }, head);
  return Object.assign(el, { parts: { name, head }, cells: new Map() });
}

export function patchLine(el, line, tlds, w, tab) {
  const { name, head } = el.parts;
  set(name, 'textContent', line.text);
  set(head, 'title', line.text === line.label ? line.label : `${line.text} (${line.label})`);
  const [from, to] = line.whole ? [0, 1] : [w.left, w.right];
  for (const [c, cell] of el.cells) {
    if (c >= from && c < to || c === tab) continue;
    cell.remove();
    el.cells.delete(c);
  }
  for (let c = from; c < to; c++) patchCell(el, line, c, tlds[c], tab);
  if (tab >= 0 && !line.whole && (tab < from || tab >= to)) patchCell(el, line, tab, tlds[tab], tab);
}

function patchCell(el, line, c, tld, tab) {
  let cell = el.cells.get(c);
  if (!cell) {
    cell = element('div', { className: line.whole ? 'cell whole' : 'cell', role: 'gridcell', ariaColIndex: String(c + 2) });
    cell.dataset.cell = c;
    cell.style.setProperty('--c', c);
    el.cells.set(c, cell);
    el.append(cell);
  }
  const row = line.whole ? [...line.rows.values()][0] : line.rows.get(tld), saved = Boolean(row) && has(row.domain);
  set(cell, 'tabIndex', line.whole && tab >= 0 || tab === c ? 0 : -1);
  if (cell.row === row && cell.saved === saved && cell.drawn) return;
  Object.assign(cell, { row, saved, drawn: true });
  const state = row ? stateOf(row) : '', full = line.whole ? line.text : `${line.text}.${tld}`;
  cell.dataset.s = state;
  cell.dataset.name = row?.domain ?? full;
  cell.classList.toggle('saved', saved);
  const mark = row ? states[state].mark : '·';
  set(cell, 'textContent', line.whole && row ? `${mark} ${wordsFor(row)}` : mark);
  set(cell, 'ariaLabel', labelOf(full, row, saved));
  set(cell, 'title', labelOf(full, row, saved));
}
