// The document, and the texts in it.

export const $ = id => document.getElementById(id);

export function element(tag, props = {}, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children);
  return e;
}

// act is a button with its action.
export function act(text, run, props = {}) {
  const button = element('button', { type: 'button', ...props }, text);
  button.addEventListener('click', run);
  return button;
}

export const number = new Intl.NumberFormat('en');
export const plural = (n, word) => `${number.format(n)} ${word}${n === 1 ? '' : 's'}`;

export const split = text => text.split(/[\s,]+/).filter(Boolean);

// say tells screen readers what has happened.
export function say(text) {
  $('said').textContent = text;
}

let toasting = 0;

// toast shows for a moment what has happened, with a way back.
export function toast(text, undo) {
  clearTimeout(toasting);
  const close = () => $('toast').hidePopover();
  $('toast').replaceChildren(element('span', {}, text));
  if (undo) $('toast').append(act('Undo', () => { close(); undo(); }));
  $('toast').hidePopover();
  // What lies outside an open dialog cannot be clicked.
  (document.querySelector('dialog[open]') ?? document.body).append($('toast'));
  $('toast').showPopover();
  toasting = setTimeout(close, 8000);
}

// keep stores a value in the browser, stored reads it. A browser that stores
// nothing keeps it as long as the page.
export function keep(key, value, store = localStorage) {
  try {
    store.setItem(key, JSON.stringify(value));
  } catch {
    return;
  }
}

export function stored(key, usual, store = localStorage) {
  try {
    return JSON.parse(store.getItem(key)) ?? usual;
  } catch {
    return usual;
  }
}
