'use strict';
(() => {
  const form = document.querySelector('form');
  const table = document.querySelector('table');
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const order = ['found', 'not-found', 'unknown', 'invalid', ''];
  const collator = new Intl.Collator(undefined, { numeric: true });

  function filter() {
    const text = form.elements.text.value.trim().toLowerCase();
    const on = new Set([...form.querySelectorAll('[name=verdict]:checked')].map(box => box.value));
    const all = on.size === form.querySelectorAll('[name=verdict]').length;
    let shown = 0;
    for (const row of rows) {
      let some = all;
      for (const cell of row.querySelectorAll('td[data-v]')) {
        const yes = on.has(cell.dataset.v);
        cell.classList.toggle('off', !yes && cell.dataset.v !== '');
        some ||= yes;
      }
      row.hidden = !some || !row.cells[0].textContent.toLowerCase().includes(text);
      shown += !row.hidden;
    }
    form.elements.shown.value = `${shown} of ${rows.length} rows`;
  }

  function key(row, column) {
    const cell = row.cells[column];
    return 'v' in cell.dataset ? order.indexOf(cell.dataset.v) : cell.textContent;
  }

  function sort(head) {
    const down = head.getAttribute('aria-sort') === 'ascending';
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const column = head.cellIndex, sign = down ? -1 : 1;
    const place = new Map([...body.rows].map((row, i) => [row, i]));
    const compare = (a, b) => {
      const x = key(a, column), y = key(b, column);
      return typeof x === 'number' ? x - y : collator.compare(x, y);
    };
    body.append(...[...body.rows].sort((a, b) => sign * compare(a, b) || place.get(a) - place.get(b)));
  }

  for (const head of table.tHead.rows[0].cells) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sort(head));
    head.append(button);
  }
  form.addEventListener('input', filter);
  form.addEventListener('submit', event => event.preventDefault());
  form.hidden = false;
  filter();
})();
