// The settings of a user, which the browser keeps: theme, and registrar's link.

import { $, keep, stored } from './dom.js';

const linkKey = 'domprobe.registrar', themeKey = 'domprobe.theme';

// registrarLink returns where a name can be registered, if the user has chosen a
// registrar.
export function registrarLink(domain) {
  const link = String(stored(linkKey, '')).replaceAll('{domain}', encodeURIComponent(domain));
  return URL.canParse(link) && /^https?:$/.test(new URL(link).protocol) ? link : '';
}

function setTheme(theme) {
  keep(themeKey, theme);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

export function openHelp() {
  $('help').showModal();
  $('help-close').focus();
}

export function listen() {
  $('open-help').addEventListener('click', openHelp);
  $('help-close').addEventListener('click', () => $('help').close());
  $('theme').value = stored(themeKey, '');
  $('theme').addEventListener('change', () => setTheme($('theme').value));
  $('registrar').placeholder = 'https://registrar.example/?q={domain}';
  $('registrar').value = stored(linkKey, '');
  $('registrar').addEventListener('input', () => {
    keep(linkKey, $('registrar').value.trim());
    const bad = $('registrar').value.trim() && !($('registrar').value.includes('{domain}') && registrarLink('a.example'));
    $('registrar').setCustomValidity(bad ? 'An address with {domain} in it' : '');
    $('registrar-problem').hidden = !bad;
  });
}
