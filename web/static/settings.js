// The settings of a user, which the browser keeps: theme, and registrar's link.

import { $, keep, stored } from './dom.js';
import { offer } from './model.js';

const linkKey = 'domprobe.registrar', themeKey = 'domprobe.theme';

// The link that the user has chosen, or else the server.
const registrar = () => String(stored(linkKey, offer.registrar));

export const showRegistrar = () => { $('registrar').value = registrar(); };

// registrarLink returns where a name can be registered, if somebody has chosen a
// registrar.
export function registrarLink(domain) {
  const link = registrar().replaceAll('{domain}', encodeURIComponent(domain));
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
  $('registrar').addEventListener('input', () => {
    keep(linkKey, $('registrar').value.trim());
    const bad = $('registrar').value.trim() && !($('registrar').value.includes('{domain}') && registrarLink('a.example'));
    $('registrar').setCustomValidity(bad ? 'An address with {domain} in it' : '');
    $('registrar-problem').hidden = !bad;
  });
}
