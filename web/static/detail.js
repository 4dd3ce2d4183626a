// The panel about one name.

import { $, element } from './dom.js';
import { copy } from './export.js';
import { byRegistry, forbidden, offer, stateOf, states } from './model.js';
import { confirm } from './server.js';
import { registrarLink } from './settings.js';
import { has, toggle } from './shortlist.js';

let look = null; // of the row that is shown

function facts(list, pairs) {
  const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  list.replaceChildren(...given.flatMap(([term, value]) => [element('dt', {}, term), element('dd', {}, value)]));
  list.hidden = given.length === 0;
}

const day = text => text && new Date(text).toLocaleDateString(undefined, { dateStyle: 'long' });

const hints = {
  likely: 'The DNS shows no registration. The name may still be reserved, on hold or just expired: the registry knows.',
  free: 'Nobody has registered it at the time of the look. A registrar can still ask a premium price.',
  unknown: 'No server gave an answer that can be trusted. Nothing is claimed.',
};

function draw() {
  const r = look.row, state = stateOf(r), { word, mark } = states[state];
  $('detail-name').textContent = r.unicode || r.domain;
  $('detail-ascii').textContent = r.unicode && r.unicode !== r.domain ? r.domain : '';
  $('detail').dataset.s = state;
  $('detail-mark').textContent = mark;
  const never = r.verdict === 'not-found' && forbidden(r);
  const reason = never ? `generic TLDs have no names with ${never}` : offer.reasons[r.reason] || r.reason;
  $('detail-verdict').textContent = `${word[0].toUpperCase()}${word.slice(1)}: ${reason}.`;
  $('detail-hint').textContent = hints[state] ?? '';
  facts($('detail-registry'), [
    ['Registrar', r.registrar], ['Registered', day(r.created)], ['Expires', day(r.expires)], ['Drops', day(r.drops)],
    ['Status', [r.status ?? []].flat().join(', ')], ['Price', r.price], ['Offer', r.sale_text],
  ]);
  facts($('detail-facts'), [
    ['Reason', r.reason], ['Detail', r.error], ['Decided by', r.source], ['Server', r.server], ['Response', r.rcode],
    ['Round trip', r.rtt_ms === null ? '' : `${r.rtt_ms} ms`], ['Queries', String(r.tries ?? '')],
    ['Checked', r.checked_at && new Date(r.checked_at).toLocaleString()],
  ]);
  drawActions(r, state);
}

function drawActions(r, state) {
  const kept = has(r.domain), register = state === 'likely' || state === 'free' ? registrarLink(r.domain) : '';
  $('detail-star').textContent = kept ? '★ On the shortlist' : '☆ Keep';
  $('detail-star').ariaPressed = String(kept);
  $('detail-star').hidden = state === 'invalid';
  $('detail-confirm').hidden = !offer.confirm || byRegistry(r) || state === 'invalid' || state === 'unknown';
  $('detail-confirm').disabled = false;
  $('detail-visit').hidden = r.verdict !== 'found';
  $('detail-visit').href = `http://${r.domain}/`;
  const offered = state === 'sale' && URL.canParse(r.sale_uri) && /^https?:$/.test(new URL(r.sale_uri).protocol);
  $('detail-sale').hidden = !offered;
  if (offered) $('detail-sale').href = r.sale_uri;
  $('detail-register').hidden = !register;
  if (register) {
    $('detail-register').href = register;
    $('detail-register').textContent = `Register at ${new URL(register).hostname}`;
  }
}

// open shows the row of a look.
export function open(of) {
  look = of;
  $('detail-note').textContent = '';
  $('detail-evidence').open = false;
  draw();
  $('detail').showModal();
  $('detail-close').focus();
}

async function askRegistry() {
  const asked = look, old = asked.row;
  $('detail-confirm').disabled = true;
  $('detail-note').textContent = 'Asking the registry …';
  let note;
  try {
    const row = await confirm(old);
    if (asked.row !== old) return; // another search is shown
    asked.put(row);
    note = byRegistry(row) ? 'The registry has answered.' : 'The registry could not say.';
  } catch (error) {
    note = error.message;
  }
  if (look !== asked) return;
  draw();
  $('detail-note').textContent = note;
  if (document.activeElement === document.body) $('detail-close').focus();
}

// listen handles the buttons. closed is called when the panel has been closed.
export function listen(closed) {
  $('detail-star').addEventListener('click', () => {
    toggle(look.row);
    draw();
  });
  $('detail-copy').addEventListener('click', () => copy($('detail-copy'), [look.row.domain]));
  $('detail-confirm').addEventListener('click', askRegistry);
  $('detail-close').addEventListener('click', () => $('detail').close());
  $('detail').addEventListener('close', closed);
}
