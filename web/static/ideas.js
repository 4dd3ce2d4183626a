// Ideas under the exact matches: other names made of the same words.

import { $, act, element } from './dom.js';
import { chosenTLDs } from './form.js';
import { keyOf, lookOf, shown, stateOf, states } from './model.js';
import { askJSON, probe } from './server.js';
import { isDomain } from './words.js';

const atOnce = 9, tldsEach = 3;

let pending = [];     // ideas that are not shown yet
let rows = new Map(); // by keyOf
let pills = new Map(); // by keyOf
let open = () => {};
let working = null;   // AbortController

export function clear() {
  working?.abort();
  [working, pending, rows, pills] = [null, [], new Map(), new Map()];
  $('ideas').hidden = true;
  $('idea-list').replaceChildren();
}

// ideasFor returns keywords that the words suggest, best first.
const ideasFor = async words => (await askJSON('/v1/ideas?' + new URLSearchParams({ q: words.join(' ') }))).map(idea => idea.keyword);

// show offers ideas for a search of one or two words.
export async function show(query) {
  clear();
  const words = query.keyword.filter(word => /^[a-z0-9]{2,30}$/i.test(word)).map(word => word.toLowerCase());
  if (!words.length || words.length < query.keyword.length) return;
  // "orbit labs" is searched as orbitlabs, orbit and labs.
  const parts = words.length === 3 && words[0] === words[1] + words[2] ? words.slice(1) : words;
  if (parts.length > 2) return;
  const mine = working = new AbortController();
  try {
    const ideas = await ideasFor(parts);
    if (mine !== working) return; // another search is shown
    pending = ideas.filter(idea => !words.includes(idea));
  } catch {
    return; // the search itself has been answered
  }
  if (pending.length) more();
}

async function more() {
  const some = pending.splice(0, atOnce), tlds = chosenTLDs(shown.query).slice(0, tldsEach);
  const mine = working = new AbortController();
  $('ideas').hidden = false;
  $('idea-list').append(...some.map(idea => card(idea, isDomain(idea) ? [idea.slice(idea.indexOf('.') + 1)] : tlds)));
  $('more-ideas').hidden = pending.length === 0;
  try {
    const { batches } = await probe({ keyword: some, tld: tlds }, mine.signal);
    for await (const batch of batches) batch.forEach(put);
  } catch {
    if (!mine.signal.aborted) $('more-ideas').hidden = true; // the search itself has been answered
  }
}

function card(idea, tlds) {
  const label = isDomain(idea) ? idea.slice(0, idea.indexOf('.')) : idea;
  const buttons = tlds.map(tld => {
    const domain = `${label}.${tld}`, key = keyOf({ domain, tld });
    const pill = act('', () => {
      const look = lookOf(rows, key, put);
      if (look.row) open(look);
    }, { className: 'idea' });
    pill.append(element('span', { className: 'mark', ariaHidden: 'true' }, '·'), '.' + tld);
    pill.ariaLabel = `${domain}: waiting`;
    pills.set(key, pill);
    return pill;
  });
  return element('li', {}, element('bdi', { className: 'full' }, isDomain(idea) ? idea : label), element('span', { className: 'row' }, ...buttons));
}

function put(row) {
  const pill = pills.get(keyOf(row)), state = stateOf(row);
  rows.set(keyOf(row), row);
  if (!pill) return;
  pill.dataset.s = state;
  pill.querySelector('.mark').textContent = states[state].mark;
  pill.ariaLabel = `${row.domain}: ${states[state].word}`;
}

export function listen(onOpen) {
  open = onOpen;
  $('more-ideas').addEventListener('click', more);
}
