// The search page: the modules, put together.

import { fromAddress, toAddress } from './address.js';
import * as detail from './detail.js';
import { $ } from './dom.js';
import * as downloads from './export.js';
import * as form from './form.js';
import * as ideas from './ideas.js';
import { keyOf, offer, shown } from './model.js';
import { complain, listen as listenToPills } from './progress.js';
import * as recent from './recent.js';
import { askUnknown, blank, load, paint, resume, search, stop, typed } from './search.js';
import { askJSON } from './server.js';
import * as settings from './settings.js';
import * as shortlist from './shortlist.js';
import { lookAt } from './table.js';
import * as view from './view.js';

// changeAddress draws first: the address of a long list takes its time.
function changeAddress() {
  paint();
  setTimeout(() => shown.query && history.replaceState(history.state, '', toAddress(shown.query)));
}

function tryOut(text) {
  form.type(text);
  search();
}

// readFiles takes dropped lists as if they had been typed.
async function readFiles(files) {
  const texts = await Promise.all([...files].filter(f => f.size < 1 << 20).map(f => f.text()));
  $('go').focus(); // a list that nobody edits is folded
  if (texts.length) tryOut(texts.join('\n'));
  else complain('The file is too large for one search.');
}

function onKey(event) {
  const typing = event.target.closest('input, textarea, select, dialog[open]');
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === 'Escape' && !document.querySelector('dialog[open]')) stop();
  else if (event.key === 'ArrowDown' && event.target === $('keywords') && !$('keywords').value.includes('\n') && !$('results').hidden) view.focus();
  else if (typing) return;
  else if (event.key === '/') $('keywords').focus();
  else if (event.key === '?') settings.openHelp();
  else return;
  if (event.key !== 'Escape') event.preventDefault();
}

form.listen({ search, typed });
view.listen({ open: row => detail.open(lookAt(keyOf(row), paint)), toggle: shortlist.toggle });
detail.listen(() => document.activeElement.closest('main') || view.focus());
downloads.listen();
settings.listen();
ideas.listen(detail.open);
recent.listen(tryOut);
listenToPills(filter => {
  shown.filter = shown.filter === filter ? '' : filter;
  changeAddress();
});

$('search').addEventListener('submit', event => {
  event.preventDefault();
  search();
});
for (const [id, run] of [['stop', stop], ['resume', resume], ['again', askUnknown]]) $(id).addEventListener('click', run);
$('sort').addEventListener('change', changeAddress);
for (const button of $('layout').children) {
  button.addEventListener('click', () => {
    $('layout').dataset.choice = button.value;
    paint();
  });
}
document.addEventListener('keydown', onKey);
document.addEventListener('dragover', event => event.preventDefault());
document.addEventListener('drop', event => {
  event.preventDefault();
  if (event.dataTransfer.files.length) readFiles(event.dataTransfer.files);
});
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('click', event => event.target === dialog && dialog.close());
}
$('home').addEventListener('click', event => {
  event.preventDefault();
  if (location.hash) history.pushState({}, '', location.pathname);
  form.fill(fromAddress());
  form.type('');
  form.keepDraft();
  blank();
});
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); // the fragment of the address is the search
  $('results').focus();
});
window.addEventListener('popstate', () => {
  if (location.hash && !location.hash.includes('=')) return; // the page does not write such an address
  const query = fromAddress();
  form.fill(query);
  if (query.keyword.length) load(query);
  else blank();
});

shortlist.listen(() => shown.query && paint(), labels => tryOut(labels.join(', ')));
const query = fromAddress();
form.fill(query);
try {
  Object.assign(offer, await askJSON('/v1/options'));
} catch (error) {
  complain(error.message, () => location.reload());
}
form.drawOffer();
settings.showRegistrar();
shortlist.follow();
if (query.keyword.length) load(query);
else blank();
document.documentElement.dataset.ready = '';
