// The dialog about one name.

import { $, element } from './dom.js';
import { copy } from './export.js';
import { stars, toggleStar } from './favourites.js';
import * as grid from './grid.js';
import { marks, offer, shown, words } from './model.js';
import { count } from './progress.js';
import { refused } from './server.js';

let key = null; // of the row that is shown

const row = () => shown.rows.get(key);

function fact(term, value) {
  return value === null || value === undefined || value === '' ? [] : [element('dt', {}, term), element('dd', {}, String(value))];
}

function draw() {
  const r = row(), star = stars.has(r.domain);
  $('detail-name').textContent = r.unicode ? `${r.unicode} (${r.domain})` : r.domain;
  $('detail-verdict').dataset.v = r.verdict;
  $('detail-verdict').textContent = `${marks[r.verdict]} ${words[r.verdict]}: ${offer.reasons[r.reason] || r.reason}`;
  $('detail-facts').replaceChildren(
    ...fact('Reason', r.reason), ...fact('Detail', r.error), ...fact('Decided by', r.source),
    ...fact('Server', r.server), ...fact('Response', r.rcode), ...fact('Round trip', r.rtt_ms === null ? '' : `${r.rtt_ms} ms`),
    ...fact('Queries', r.tries), ...fact('Checked', r.checked_at && new Date(r.checked_at).toLocaleString()));
  $('detail-star').textContent = star ? '★ Favourite' : '☆ Favourite';
  $('detail-star').ariaPressed = String(star);
  $('detail-star').hidden = r.verdict === 'invalid';
  $('detail-confirm').hidden = !offer.confirm || r.verdict !== 'not-found';
  $('detail-confirm').disabled = false;
}

export function open(of) {
  key = of;
  $('detail-note').textContent = '';
  draw();
  $('detail').showModal();
  $('detail-close').focus();
}

async function confirm() {
  const asked = key, old = row();
  $('detail-confirm').disabled = true;
  $('detail-note').textContent = 'Asking the registry …';
  let note;
  try {
    const path = `/v1/names/${encodeURIComponent(old.domain)}/confirm?tld=${encodeURIComponent(old.tld)}`;
    const response = await fetch(path, { method: 'POST' });
    if (response.ok) {
      const confirmed = { ...await response.json(), keyword: old.keyword, tld: old.tld };
      if (shown.rows.get(asked) !== old) return; // another search is shown
      shown.rows.set(asked, confirmed);
      grid.draw(confirmed);
      grid.arrange();
      count();
      note = confirmed.source.includes('+') ? 'The registry has answered.' : 'The registry could not say.';
    } else {
      note = await refused(response);
    }
  } catch {
    note = 'The connection to the server broke.';
  }
  if (key !== asked) return;
  draw();
  $('detail-note').textContent = note;
}

// focusCell gives the focus back to the cell. The browser does, unless the button
// that had the focus was drawn anew. The keyboard may have moved on meanwhile.
function focusCell() {
  if ($('grid').contains(document.activeElement)) return;
  const to = $('grid').querySelector(`td[data-key="${CSS.escape(key)}"] .verdict`);
  if (to) {
    grid.reachable(to);
    to.focus();
  }
}

export function listen() {
  $('detail-star').addEventListener('click', () => {
    toggleStar(row().domain);
    draw();
  });
  $('detail-copy').addEventListener('click', () => copy($('detail-copy'), [row().domain]));
  $('detail-confirm').addEventListener('click', confirm);
  $('detail-close').addEventListener('click', () => $('detail').close());
  $('detail').addEventListener('close', focusCell);
}
