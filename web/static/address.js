// The search in the fragment of the address.

import { $, split } from './dom.js';
import { shown, states } from './model.js';

// Addresses of earlier pages call the filters so.
const earlier = { 'all': '', 'not-found': 'likely', 'found': 'taken', 'starred': 'saved' };

export function toAddress(query) {
  const params = Object.entries(query).filter(([, list]) => list.length).map(([name, list]) => `${name}=${list.map(encodeURIComponent).join(',')}`);
  if (shown.filter) params.push(`show=${shown.filter}`);
  if ($('sort').value !== 'input') params.push(`sort=${$('sort').value}`);
  return '#' + params.join('&');
}

// fromAddress returns the query of the address, and takes over its filter and order.
export function fromAddress() {
  const params = new Map();
  for (const part of location.hash.slice(1).split('&')) {
    const [name, value = ''] = part.split('=');
    try {
      params.set(name, split(decodeURIComponent(value)));
    } catch {
      // The page does not write such an address.
    }
  }
  const list = name => params.get(name) || [];
  const [filter = ''] = list('show'), [order = 'input'] = list('sort');
  const wanted = earlier[filter] ?? filter;
  shown.filter = wanted === 'saved' || states[wanted] ? wanted : '';
  $('sort').value = order;
  if ($('sort').selectedIndex < 0) $('sort').value = 'input';
  return { keyword: list('keyword'), tld: list('tld'), preset: list('preset'), prefix: list('prefix'), suffix: list('suffix') };
}
