// Copies and downloads.

import { $, element, plural, say } from './dom.js';
import { visibleRows } from './view.js';

export async function copy(button, names) {
  const text = names.join('\n') + '\n';
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Over plain HTTP from another machine there is no clipboard.
    const area = element('textarea', { value: text, className: 'hidden' });
    (button.closest('dialog') || document.body).append(area);
    area.select();
    done = document.execCommand('copy');
    area.remove();
    button.focus();
  }
  const said = done ? `Copied ${plural(names.length, 'name')}` : 'Copying is not allowed';
  const note = button.closest('dialog')?.querySelector('[role=status]');
  if (note) note.textContent = said;
  else say(said);
  button.dataset.label ||= button.textContent;
  button.textContent = done ? 'Copied' : 'Not allowed';
  setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
}

const columns = ['domain', 'verdict', 'reason', 'source', 'keyword', 'tld', 'unicode', 'rcode', 'server', 'rtt_ms', 'tries', 'checked_at', 'ttl',
  'prefix', 'suffix', 'generator'];

// A character that would break a line, or reorder the text around it. The escapes
// of other octets are in the server's rows already.
const odd = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/gu;

const escape = c => [...new TextEncoder().encode(c)].map(b => '\\x' + b.toString(16).padStart(2, '0')).join('');

// cell writes a cell as the command does: a row is one line, and a spreadsheet
// takes no cell for a formula.
function cell(value) {
  const s = String(value ?? ''), front = /^[=+\-@\t\r']/.test(s) ? "'" : '';
  const text = front + s.replace(odd, escape).replaceAll('"', '""');
  return /[",]/.test(s) ? `"${text}"` : text;
}

export const csv = rows => [columns, ...rows.map(row => columns.map(c => row[c]))].map(cells => cells.map(cell).join(',') + '\n').join('');

export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function listen() {
  $('copy').addEventListener('click', () => copy($('copy'), [...new Set(visibleRows().map(row => row.domain))]));
  $('csv').addEventListener('click', () => download('domprobe.csv', 'text/csv', csv(visibleRows())));
  $('json').addEventListener('click', () => download('domprobe.json', 'application/json',
    '[\n' + visibleRows().map(row => JSON.stringify(row)).join(',\n') + '\n]\n'));
}
