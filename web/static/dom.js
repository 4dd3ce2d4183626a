// The document, and the texts in it.

export const $ = id => document.getElementById(id);

export function element(tag, props = {}, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children);
  return e;
}

export const collator = new Intl.Collator('en', { numeric: true });
export const number = new Intl.NumberFormat('en');
export const plural = (n, word) => `${number.format(n)} ${word}${n === 1 ? '' : 's'}`;

export const split = text => text.split(/[\s,]+/).filter(Boolean);

// complain shows what is wrong, or hides the last complaint.
export function complain(text) {
  $('problem').textContent = text;
  $('problem').hidden = !text;
}
