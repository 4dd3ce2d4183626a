// The progress of a search, its names counted by state, and complaints.

import { $, act, element, number, plural, say } from './dom.js';
import { shown, states } from './model.js';
import { has } from './shortlist.js';
import { counts, rows } from './table.js';

let lastSaid = 0;
let filtered = () => {}; // is called when somebody chooses a filter
let retrying = 0;        // timer
let stopping = 0;        // timer

// beQuiet postpones the next announcement to screen readers.
export function beQuiet() {
  lastSaid = performance.now();
}

const seconds = ms => ms < 995 ? `${Math.max(.01, ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;

const savedRows = () => [...rows.values()].filter(row => has(row.domain)).length;

// pills are the states with their counts. The likely free ones include those that
// the registry calls free.
const pills = {
  likely: c => c.likely + c.free, free: c => c.free, taken: c => c.taken + c.sale, sale: c => c.sale,
  unknown: c => c.unknown, invalid: c => c.invalid, saved: savedRows,
};
const faces = { ...states, free: { mark: '✓', word: 'free, says the registry' }, saved: { mark: '★', word: 'on the shortlist' } };

function drawPills() {
  for (const [state, tally] of Object.entries(pills)) {
    const n = tally(counts), id = `pill-${state}`;
    let pill = $(id);
    if (!pill) {
      const { mark, word } = faces[state];
      pill = act('', () => filtered(state), { id, className: 'pill' });
      pill.append(element('span', { className: 'mark', ariaHidden: 'true' }, mark), element('b'), ` ${word}`);
      pill.dataset.s = state;
      $('pills').append(pill);
    }
    pill.querySelector('b').textContent = number.format(n);
    pill.hidden = n === 0 && shown.filter !== state;
    pill.ariaPressed = String(shown.filter === state);
  }
}

export function count() {
  const { expected, state, running } = shown, n = rows.size, done = !running && state === 'done';
  const waiting = running && !shown.query;
  drawPills();
  $('results').classList.toggle('stale', Boolean(running) && n >= expected && state === 'searching');
  $('progress').hidden = !running;
  $('progress').max = Math.max(expected, 1);
  $('progress').value = running && n < expected ? n : 0;
  if (waiting || running && n === 0) $('progress').removeAttribute('value');
  $('line').textContent = done ? `${plural(n, 'name')}, done${shown.took ? ` in ${seconds(shown.took)}` : ''}`
    : `${number.format(n)} of ${plural(expected, 'name')}${state && ', ' + state}`;
  document.title = running && expected ? `${n}/${expected} – domprobe` : 'domprobe';
  $('resume').hidden = Boolean(running) || done || !shown.query;
  $('again').hidden = Boolean(running) || !counts.unknown;
  $('again').textContent = `Ask ${number.format(counts.unknown ?? 0)} unknown again`;
  drawStop(running);
  // Screen readers do not announce each row, only every few seconds the counts.
  if (!running || performance.now() - lastSaid > 3000) {
    beQuiet();
    const all = Object.keys(states).filter(s => counts[s]).map(s => `${counts[s]} ${states[s].word}`).join(', ');
    say(shown.query ? `${n} of ${plural(expected, 'name')}: ${all}${state && '; ' + state}` : '');
  }
}

// drawStop shows the button only of a search that takes its time.
function drawStop(running) {
  if (!running) {
    clearTimeout(stopping);
    stopping = 0;
    $('stop').hidden = true;
  } else {
    stopping ||= setTimeout(() => { $('stop').hidden = false; }, 400);
  }
}

// complain shows what is wrong, or hides the last complaint. What has failed can
// be tried again, and is when the server permits it.
export function complain(text, again, after = 0) {
  clearInterval(retrying);
  $('problem-text').textContent = text;
  $('problem').hidden = !text;
  $('retry').hidden = !again;
  if (!again) return;
  let left = after;
  const draw = () => { $('retry').textContent = left > 0 ? `Trying again in ${left} s` : 'Try again'; };
  const now = () => {
    clearInterval(retrying);
    again();
  };
  $('retry').onclick = now;
  draw();
  if (!after) return;
  retrying = setInterval(() => {
    left--;
    draw();
    if (left <= 0) now();
  }, 1000);
}

export function listen(onFilter) {
  filtered = onFilter;
}
