// The progress of a search, and its verdicts counted.

import { $, element, number, plural } from './dom.js';
import { order, shown, words } from './model.js';

let lastSaid = 0;
const counters = {};

function tally() {
  const n = Object.fromEntries(order.map(v => [v, 0]));
  for (const row of shown.rows.values()) n[row.verdict]++;
  return n;
}

// beQuiet postpones the next announcement to screen readers.
export function beQuiet() {
  lastSaid = performance.now();
}

export function count() {
  const n = tally(), { received, expected, state, running } = shown;
  for (const v of order) {
    if (!counters[v]) {
      counters[v] = element('dd');
      const box = element('div', {}, element('dt', {}, words[v]), counters[v]);
      box.dataset.v = v;
      $('counts').append(box);
    }
    counters[v].textContent = number.format(n[v]);
  }
  $('progress').max = Math.max(expected, 1);
  $('progress').value = received;
  $('line').textContent = `${number.format(received)} of ${plural(expected, 'name')}${state && ', ' + state}`;
  document.title = running ? `${received}/${expected} – domprobe` : 'domprobe';
  // Screen readers do not announce each row, only every few seconds the counts.
  if (!running || performance.now() - lastSaid > 3000) {
    beQuiet();
    $('said').textContent = `${received} of ${plural(expected, 'name')}: ` + order.map(v => `${n[v]} ${words[v]}`).join(', ') + (state && '; ' + state);
  }
}
