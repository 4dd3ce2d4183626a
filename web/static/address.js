// The search in the fragment of the address.

import { $ } from './dom.js';
import { fill } from './form.js';

const choices = ['show', 'sort'];

export function toAddress(query) {
  const params = [];
  for (const [name, list] of Object.entries(query)) {
    if (list.length) params.push(`${name}=${list.map(encodeURIComponent).join(',')}`);
  }
  for (const name of choices) {
    if ($(name).selectedIndex > 0) params.push(`${name}=${$(name).value}`);
  }
  return '#' + params.join('&');
}

// fromAddress fills the form, and reports whether there is a keyword in it.
export function fromAddress() {
  const params = new Map();
  for (const part of location.hash.slice(1).split('&')) {
    const [name, value = ''] = part.split('=');
    try {
      params.set(name, value.split(',').map(decodeURIComponent).filter(Boolean));
    } catch {
      // The page does not write such an address.
    }
  }
  const list = name => params.get(name) || [];
  for (const name of choices) {
    $(name).value = list(name)[0];
    if ($(name).selectedIndex < 0) $(name).selectedIndex = 0;
  }
  fill({ keyword: list('keyword'), tld: list('tld'), preset: list('preset'), prefix: list('prefix'), suffix: list('suffix') });
  return list('keyword').length > 0;
}
