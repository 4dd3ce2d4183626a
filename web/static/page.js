// The search page: the modules, put together.

import { fromAddress, toAddress } from './address.js';
import * as detail from './detail.js';
import { $, complain } from './dom.js';
import * as downloads from './export.js';
import * as favourites from './favourites.js';
import * as form from './form.js';
import * as grid from './grid.js';
import { onKey } from './keyboard.js';
import { offer, shown } from './model.js';
import { blank, search, stop } from './search.js';
import { refused } from './server.js';

form.listen(() => search(true));
grid.listen({ open: detail.open, toggleStar: favourites.toggleStar, onKey });
detail.listen();
downloads.listen();

$('search').addEventListener('submit', event => {
  event.preventDefault();
  search(true);
});
$('stop').addEventListener('click', stop);
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && !$('detail').open) stop();
});
for (const id of ['show', 'sort']) {
  $(id).addEventListener('change', () => {
    if (shown.query) history.replaceState(null, '', toAddress(shown.query));
    grid.arrange();
  });
}
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault(); // the fragment of the address is the search
  $('results').focus();
});
window.addEventListener('popstate', () => {
  if (location.hash && !location.hash.includes('=')) return; // the page does not write such an address
  complain('');
  if (fromAddress()) search(false);
  else blank();
});

favourites.listen(grid.drawStars);
fromAddress();
try {
  const response = await fetch('/v1/options');
  if (response.ok) Object.assign(offer, await response.json());
  else complain(await refused(response));
} catch {
  complain('The server does not answer.');
}
form.drawOffer();
if (form.keywords().length) search(false);
else blank();
document.documentElement.dataset.ready = '';
