// The keyboard in the table.

import { $ } from './dom.js';
import { stars, toggleStar } from './favourites.js';
import { reachable } from './grid.js';

function neighbour(td, key) {
  const visible = [...$('grid').tBodies[0].rows].filter(tr => !tr.hidden);
  const cells = tr => [...tr.cells].filter(c => c.dataset.v && !c.classList.contains('off'));
  const row = cells(td.parentNode), i = row.indexOf(td);
  switch (key) {
    case 'ArrowLeft': return row[i - 1];
    case 'ArrowRight': return row[i + 1];
    case 'Home': return row[0];
    case 'End': return row[row.length - 1];
  }
  const step = key === 'ArrowUp' ? -1 : 1;
  const far = c => Math.abs(c.cellIndex - td.cellIndex);
  for (let y = visible.indexOf(td.parentNode) + step; visible[y]; y += step) {
    const next = cells(visible[y]);
    if (next.length) return next.reduce((a, b) => far(b) < far(a) ? b : a);
  }
}

export function onKey(event) {
  const td = event.target.closest('td[data-v]');
  if (!td || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === 's' || event.key === 'S') {
    if (td.dataset.v === 'invalid') return;
    toggleStar(td.dataset.name);
    $('said').textContent = `${td.dataset.name} is ${stars.has(td.dataset.name) ? 'a favourite' : 'no favourite'}`;
  } else if (/^(Arrow|Home$|End$)/.test(event.key)) {
    const to = neighbour(td, event.key)?.querySelector('.verdict');
    if (to) {
      reachable(to);
      to.focus();
    }
  } else {
    return;
  }
  event.preventDefault();
}
