'use strict';
(() => {
  const $ = id => document.getElementById(id);
  const order = ['found', 'not-found', 'unknown', 'invalid'];
  const words = { 'found': 'found', 'not-found': 'not found', 'unknown': 'unknown', 'invalid': 'invalid' };
  const marks = { 'found': '+', 'not-found': '−', 'unknown': '?', 'invalid': '!' };
  const collator = new Intl.Collator('en', { numeric: true });
  const number = new Intl.NumberFormat('en');
  const plural = (n, word) => `${number.format(n)} ${word}${n === 1 ? '' : 's'}`;

  function element(tag, props = {}, ...children) {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  }

  // What the server offers.
  let offer = { presets: [], tlds: [], prefixes: [], suffixes: [], reasons: {}, max_names: 10000, confirm: false };

  // ---- The form

  let tlds = [];    // chosen, in order
  let presets = []; // names of chosen sets

  const split = text => text.split(/[\s,]+/).filter(Boolean);
  const keywords = () => [...new Set(split($('keywords').value))];
  const asTLD = word => word.toLowerCase().replace(/^\.+|\.+$/g, '');
  const isDomain = word => /[.。．｡]/.test(word);

  function chosenTLDs() {
    const all = new Set(tlds);
    for (const p of offer.presets) if (presets.includes(p.name)) for (const t of p.tlds) all.add(t);
    return [...all];
  }

  // takeTLDs makes chips of what is typed.
  function takeTLDs() {
    const typed = split($('tld').value);
    $('tld').value = '';
    for (const tld of typed.map(asTLD)) {
      if (tld && !tlds.includes(tld)) tlds.push(tld);
    }
    drawChips();
  }

  function drawChips() {
    const chip = (text, label, remove) => {
      const button = element('button', { type: 'button', ariaLabel: `Remove ${label}` }, '×');
      button.addEventListener('click', () => {
        remove();
        drawChips();
        $('tld').focus();
      });
      return element('li', {}, text, button);
    };
    $('chips').replaceChildren(
      ...tlds.map(tld => chip('.' + tld, tld, () => { tlds = tlds.filter(t => t !== tld); })),
      ...presets.map(name => {
        const set = offer.presets.find(p => p.name === name);
        const text = set ? `${name} (${number.format(set.tlds.length)})` : name;
        return chip(text, `the set ${name}`, () => { presets = presets.filter(p => p !== name); });
      }));
    for (const b of $('presets').children) b.ariaPressed = String(presets.includes(b.value));
    estimate();
  }

  function drawChoices() {
    $('tlds').replaceChildren(...offer.tlds.map(value => element('option', { value })));
    $('presets').replaceChildren(...offer.presets.map(p => {
      const b = element('button', { type: 'button', value: p.name, title: p.tlds.slice(0, 24).join(' ') + (p.tlds.length > 24 ? ' …' : '') }, p.name);
      b.addEventListener('click', () => {
        presets = presets.includes(p.name) ? presets.filter(name => name !== p.name) : [...presets, p.name];
        drawChips();
      });
      return b;
    }));
    for (const [box, field, list] of [['prefixes', 'prefix', offer.prefixes], ['suffixes', 'suffix', offer.suffixes]]) {
      $(box).replaceChildren(...list.map(word => {
        const b = element('button', { type: 'button', value: word }, word);
        b.addEventListener('click', () => {
          const given = split($(field).value);
          $(field).value = (given.includes(word) ? given.filter(w => w !== word) : [...given, word]).join(', ');
          drawAffixes();
        });
        return b;
      }));
    }
    drawAffixes();
    drawChips();
  }

  function drawAffixes() {
    for (const [box, field] of [['prefixes', 'prefix'], ['suffixes', 'suffix']]) {
      const given = split($(field).value);
      for (const b of $(box).children) b.ariaPressed = String(given.includes(b.value));
    }
    estimate();
  }

  // size returns how many names the form means.
  function size() {
    const all = keywords(), whole = all.filter(isDomain).length;
    const each = new Set([...chosenTLDs(), ...split($('tld').value).map(asTLD)]).size;
    const affixes = id => new Set(['', ...split($(id).value).map(word => word.toLowerCase())]).size;
    return whole + (all.length - whole) * affixes('prefix') * affixes('suffix') * each;
  }

  const tooMany = n => n > offer.max_names
    ? `${plural(n, 'name')}: more than the ${number.format(offer.max_names)} of one search` : '';

  // estimate says how many names a search would be.
  function estimate() {
    const n = size();
    $('estimate').textContent = tooMany(n) || (n === 0 ? '' : plural(n, 'name'));
  }

  // ---- The search behind the # of the address

  let searched = null; // the query whose rows are shown

  function currentQuery() {
    return {
      keyword: keywords(), tld: [...tlds], preset: [...presets],
      prefix: split($('prefix').value), suffix: split($('suffix').value),
    };
  }

  function toAddress(query) {
    const params = [];
    for (const [name, list] of Object.entries(query)) {
      if (list.length) params.push(`${name}=${list.map(encodeURIComponent).join(',')}`);
    }
    for (const name of ['show', 'sort']) {
      if ($(name).selectedIndex > 0) params.push(`${name}=${$(name).value}`);
    }
    return '#' + params.join('&');
  }

  function fromAddress() {
    const params = new Map();
    for (const part of location.hash.slice(1).split('&')) {
      const [name, value = ''] = part.split('=');
      try {
        params.set(name, value.split(',').map(decodeURIComponent).filter(Boolean));
      } catch {
        // Not an address that this page has made.
      }
    }
    const list = name => params.get(name) || [];
    $('keywords').value = list('keyword').join(', ');
    $('tld').value = '';
    tlds = list('tld');
    presets = list('preset');
    $('prefix').value = list('prefix').join(', ');
    $('suffix').value = list('suffix').join(', ');
    $('affixes').open = list('prefix').length + list('suffix').length > 0;
    for (const name of ['show', 'sort']) {
      $(name).value = list(name)[0];
      if ($(name).selectedIndex < 0) $(name).selectedIndex = 0;
    }
    drawAffixes();
    drawChips();
    return list('keyword').length > 0;
  }

  // ---- The rows

  let rows = new Map();    // by keyOf: what the server said
  let lines = new Map();   // by label, of whole domains by keyOf: the row of the table, {label, at, tr}
  let columns = [];        // TLDs
  let places = new Map();  // by what is typed: its place in the order
  let expected = 0;        // rows that the server has promised
  let received = 0;
  let running = null;      // AbortController
  let fresh = [];          // rows that are not drawn yet
  let drawing = 0;

  // A name under two TLDs, as foo.github.io under io and under github.io, is two.
  const keyOf = row => `${row.domain} ${row.tld}`;

  function labelOf(row) {
    return row.tld && row.domain.endsWith('.' + row.tld) ? row.domain.slice(0, -row.tld.length - 1) : row.domain;
  }

  function shownLabel(row, label) {
    if (!row.unicode) return label;
    const u = row.unicode.split('.').slice(0, label.split('.').length).join('.');
    return u === label ? label : `${u} (${label})`;
  }

  function clear() {
    $('detail').close();
    rows = new Map();
    lines = new Map();
    columns = [];
    places = new Map();
    fresh = [];
    expected = received = 0;
    $('grid').tBodies[0].replaceChildren();
    $('grid').tHead.rows[0].replaceChildren(element('th', { scope: 'col' }, 'name'));
  }

  function addHead(text) {
    $('grid').tHead.rows[0].append(element('th', { scope: 'col' }, text));
  }

  function addColumn(tld) {
    columns.push(tld);
    addHead('.' + tld);
    for (const line of lines.values()) {
      if (line.whole) line.tr.cells[1].colSpan = columns.length;
      else line.tr.append(waiting());
    }
  }

  const waiting = () => element('td', { className: 'waiting' }, '·');

  // addLine adds a row: of a label with a cell for each TLD, of a whole domain
  // with one cell, which belongs to no column.
  function addLine(key, label, text, at, whole = false) {
    const line = { label, at, whole, tr: element('tr') };
    const head = element('th', { scope: 'row', title: label }, element('bdi', {}, text));
    line.tr.append(head);
    if (whole) {
      head.id = `whole-${lines.size}`;
      const td = element('td', { colSpan: Math.max(columns.length, 1) });
      td.setAttribute('headers', head.id);
      line.tr.append(td);
    } else {
      line.tr.append(...columns.map(waiting));
    }
    lines.set(key, line);
    $('grid').tBodies[0].append(line.tr);
    return line;
  }

  // prepare draws the grid that is going to be filled, as far as it can be told
  // without the server, and is not too large.
  function prepare(query) {
    const prefixes = new Set(['', ...query.prefix]), suffixes = new Set(['', ...query.suffix]);
    for (const keyword of query.keyword.map(word => word.toLowerCase())) {
      if (isDomain(keyword)) {
        places.set(keyword, places.size);
        continue;
      }
      for (const prefix of prefixes) for (const suffix of suffixes) {
        const text = prefix.toLowerCase() + keyword + suffix.toLowerCase();
        if (!places.has(text)) places.set(text, places.size);
      }
    }
    if (query.keyword.every(isDomain)) {
      addHead('verdict');
      return;
    }
    const chosen = chosenTLDs().filter(tld => /^[a-z0-9.-]+$/.test(tld));
    chosen.forEach(addColumn);
    if (places.size * chosen.length > 5000) return;
    for (const [text, at] of places) if (/^[a-z0-9-]+$/.test(text)) addLine(text, text, text, at);
  }

  // isWhole reports whether a row is shown as a whole domain. One that a keyword
  // makes, too, has its cell below the TLD.
  function isWhole(row) {
    const label = labelOf(row);
    return isDomain(row.keyword) && (isDomain(label) || !places.has(label) || !columns.includes(row.tld));
  }

  function lineOf(row, whole) {
    const label = whole ? row.domain : labelOf(row), key = whole ? keyOf(row) : label;
    const known = lines.get(key);
    if (known) return known;
    const text = shownLabel(row, label);
    const at = places.get(text.split(' ')[0]) ?? places.get(row.keyword.toLowerCase()) ?? places.size + lines.size;
    return addLine(key, label, text, at, whole);
  }

  function cellOf(row) {
    if (isWhole(row)) return lineOf(row, true).tr.cells[1];
    if (!columns.includes(row.tld)) addColumn(row.tld);
    return lineOf(row, false).tr.cells[1 + columns.indexOf(row.tld)];
  }

  function draw(row) {
    const td = cellOf(row);
    td.className = '';
    td.dataset.v = row.verdict;
    td.dataset.key = keyOf(row);
    td.dataset.name = row.domain;
    const verdict = element('button', { type: 'button', className: 'verdict', tabIndex: -1, title: `${row.domain}: ${row.reason}` },
      element('b', { ariaHidden: 'true' }, marks[row.verdict]), ' ', words[row.verdict]);
    if (row.source.includes('+')) verdict.append(' ', element('small', {}, 'confirmed'));
    td.replaceChildren(element('div', {}, verdict));
    if (row.verdict === 'invalid') return;
    td.firstChild.append(element('button', { type: 'button', className: 'star', tabIndex: -1 }));
    drawStar(td);
  }

  function drawStar(td) {
    const star = td.querySelector('.star'), on = stars.has(td.dataset.name);
    if (!star) return;
    star.textContent = on ? '★' : '☆';
    star.ariaPressed = String(on);
    star.ariaLabel = `Favourite ${td.dataset.name}`;
  }

  // paint draws what has come since the last time.
  function paint() {
    clearTimeout(drawing);
    drawing = 0;
    for (const row of fresh) draw(row);
    fresh = [];
    arrange();
    count();
  }

  // schedule has rows drawn together; also in a tab that nobody looks at.
  function schedule() {
    drawing ||= setTimeout(paint, rows.size > 2000 ? 250 : 16);
  }

  const fits = (show, row) => show === 'all' || (show === 'starred' ? row.verdict !== 'invalid' && stars.has(row.domain) : row.verdict === show);

  // arrange applies the filter and the order.
  function arrange() {
    const show = $('show').value;
    let some = false;
    for (const line of lines.values()) {
      let any = show === 'all';
      line.free = 0;
      for (const td of line.tr.cells) {
        if (!td.dataset.v) continue;
        const row = rows.get(td.dataset.key), yes = fits(show, row);
        td.classList.toggle('off', !yes);
        any ||= yes;
        line.free += row.verdict === 'not-found';
      }
      line.tr.hidden = !any;
      some ||= any;
    }
    const by = {
      input: (a, b) => a.at - b.at,
      name: (a, b) => collator.compare(a.label, b.label),
      length: (a, b) => a.label.length - b.label.length || collator.compare(a.label, b.label),
      free: (a, b) => b.free - a.free || a.at - b.at,
    }[$('sort').value];
    const body = $('grid').tBodies[0], sorted = [...lines.values()].sort(by);
    if (sorted.some((line, i) => body.rows[i] !== line.tr)) {
      const focused = document.activeElement;
      body.append(...sorted.map(line => line.tr));
      if (body.contains(focused)) focused.focus({ preventScroll: true });
    }
    $('empty').hidden = some;
    $('wide').hidden = !some;
    for (const id of ['copy', 'csv', 'json']) $(id).disabled = !some || rows.size === 0;
    reachable();
  }

  // reachable makes one cell a stop of the Tab key; arrows go on from there.
  function reachable(to) {
    const body = $('grid').tBodies[0];
    const at = body.querySelector('.verdict[tabindex="0"]');
    const ok = b => b && !b.closest('.off') && !b.closest('tr').hidden;
    if (to) {
      if (at) at.tabIndex = -1;
      to.tabIndex = 0;
    } else if (!ok(at)) {
      if (at) at.tabIndex = -1;
      const first = [...body.querySelectorAll('tr:not([hidden]) td:not(.off) .verdict')][0];
      if (first) first.tabIndex = 0;
    }
  }

  function tally() {
    const n = Object.fromEntries(order.map(v => [v, 0]));
    for (const row of rows.values()) n[row.verdict]++;
    return n;
  }

  let state = '';
  let lastSaid = 0;
  const dts = {};

  function count() {
    const n = tally();
    for (const v of order) {
      if (!dts[v]) {
        dts[v] = element('dd');
        const box = element('div', {}, element('dt', {}, words[v]), dts[v]);
        box.dataset.v = v;
        $('counts').append(box);
      }
      dts[v].textContent = number.format(n[v]);
    }
    $('progress').max = Math.max(expected, 1);
    $('progress').value = received;
    $('line').textContent = `${number.format(received)} of ${plural(expected, 'name')}${state && ', ' + state}`;
    document.title = running ? `${received}/${expected} – domprobe` : 'domprobe';
    // Not every row is told to who listens, only every few seconds how far it is.
    if (!running || performance.now() - lastSaid > 3000) {
      lastSaid = performance.now();
      $('said').textContent = `${received} of ${plural(expected, 'name')}: ` + order.map(v => `${n[v]} ${words[v]}`).join(', ') + (state && '; ' + state);
    }
  }

  function complain(text) {
    $('problem').textContent = text;
    $('problem').hidden = !text;
  }

  async function refused(response) {
    if (response.status === 401) {
      location.reload(); // where the token is asked for
      return 'A token is needed.';
    }
    try {
      const { detail } = await response.json();
      return detail[0].toUpperCase() + detail.slice(1) + '.';
    } catch {
      return `The server answers ${response.status}.`;
    }
  }

  // lineByLine yields the JSON objects of a response as they come.
  async function* lineByLine(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      yield parts.map(JSON.parse);
    }
  }

  // search asks for what the form holds. A search that is asked for by hand is a
  // place that one can come back to.
  async function search(byHand) {
    takeTLDs();
    const query = currentQuery();
    complain('');
    if (!query.keyword.length) {
      complain('Type a keyword first.');
      $('keywords').focus();
      return;
    }
    if (!query.tld.length && !query.preset.length && !query.keyword.every(isDomain)) {
      complain('Choose a TLD, or type whole domains.');
      $('tld').focus();
      return;
    }
    const n = size();
    if (tooMany(n)) {
      complain(tooMany(n) + '.');
      $('keywords').focus();
      return;
    }
    running?.abort();
    const mine = running = new AbortController();
    searched = query;
    const address = toAddress(query);
    if (byHand && address !== location.hash) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
    clear();
    prepare(query);
    state = 'searching';
    expected = n; // until the server says
    lastSaid = performance.now();
    count();
    $('stop').disabled = false;
    $('results').hidden = false;
    if ($('results').getBoundingClientRect().top > innerHeight * .8) $('results').scrollIntoView();
    try {
      const response = await fetch('/v1/probe', {
        method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(query), signal: mine.signal,
      });
      if (!response.ok) {
        complain(await refused(response));
        $('results').hidden = true;
        return;
      }
      expected = Number(response.headers.get('Domprobe-Names'));
      paint();
      for await (const batch of lineByLine(response)) {
        for (const row of batch) rows.set(keyOf(row), row);
        fresh.push(...batch);
        received += batch.length;
        schedule();
      }
      state = received < expected ? 'ended early' : 'done';
    } catch (error) {
      if (mine !== running) return;
      state = mine.signal.aborted ? 'stopped' : 'the connection broke';
      if (!mine.signal.aborted) complain('The connection to the server broke. What had come is below.');
    } finally {
      if (mine === running) {
        running = null;
        $('stop').disabled = true;
        if (document.activeElement === document.body) $('go').focus({ preventScroll: true });
        paint();
      }
    }
  }

  // blank shows the form alone.
  function blank() {
    running?.abort();
    running = searched = null;
    clear();
    document.title = 'domprobe';
    $('stop').disabled = $('results').hidden = true;
    if (!tlds.length && !presets.length) presets = ['popular'];
    drawChips();
    $('keywords').focus();
  }

  function stop() {
    if (!running) return;
    running.abort();
    $('go').focus();
  }

  // ---- Favourites

  const storeKey = 'domprobe.favourites';
  let stars = new Set();

  function loadStars() {
    try {
      const saved = JSON.parse(localStorage.getItem(storeKey) || '[]');
      stars = new Set(saved.filter(name => typeof name === 'string'));
    } catch {
      stars = new Set();
    }
    drawStars();
  }

  function toggleStar(name) {
    if (!stars.delete(name)) stars.add(name);
    try {
      localStorage.setItem(storeKey, JSON.stringify([...stars]));
    } catch {
      // A browser that keeps nothing: they last as long as the page.
    }
    drawStars();
  }

  function drawStars() {
    $('favourites').hidden = stars.size === 0;
    $('stars').replaceChildren(...[...stars].sort(collator.compare).map(name => {
      const b = element('button', { type: 'button', ariaLabel: `Remove ${name}` }, '×');
      b.addEventListener('click', () => {
        toggleStar(name);
        ($('stars').querySelector('button') || $('keywords')).focus();
      });
      return element('li', {}, element('bdi', {}, name), b);
    }));
    for (const td of $('grid').tBodies[0].querySelectorAll('td[data-v]')) drawStar(td);
    if ($('show').value === 'starred') arrange();
  }

  // ---- What is done with rows

  function shownRows() {
    const shown = [];
    for (const tr of $('grid').tBodies[0].rows) {
      if (tr.hidden) continue;
      for (const td of tr.querySelectorAll('td[data-v]:not(.off)')) shown.push(rows.get(td.dataset.key));
    }
    return shown;
  }

  async function copy(button, names) {
    const text = names.join('\n') + '\n';
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Over plain HTTP from another machine there is no such thing.
      const area = element('textarea', { value: text, className: 'hidden' });
      (button.closest('dialog') || document.body).append(area);
      area.select();
      done = document.execCommand('copy');
      area.remove();
      button.focus();
    }
    const said = done ? `Copied ${plural(names.length, 'name')}` : 'Copying is not allowed';
    (button.closest('dialog') ? $('detail-note') : $('said')).textContent = said;
    button.dataset.label ||= button.textContent;
    button.textContent = done ? 'Copied' : 'Not allowed';
    setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
  }

  const csvColumns = ['domain', 'verdict', 'reason', 'source', 'keyword', 'tld', 'unicode', 'rcode', 'server', 'rtt_ms', 'tries', 'checked_at', 'ttl'];

  // csvCell quotes what needs it, and keeps spreadsheets from running a cell.
  function csvCell(value) {
    let s = value === null || value === undefined ? '' : String(value);
    if (/^[=+\-@\t\r']/.test(s)) s = "'" + s;
    return /[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
  }

  function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    element('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  function downloadCSV() {
    const lines = shownRows().map(row => csvColumns.map(c => csvCell(row[c])).join(','));
    download('domprobe.csv', 'text/csv', [csvColumns.join(','), ...lines, ''].join('\n'));
  }

  function downloadJSON() {
    download('domprobe.json', 'application/json', '[\n' + shownRows().map(row => JSON.stringify(row)).join(',\n') + '\n]\n');
  }

  // ---- One name

  let detailed = null; // its key

  function fact(term, value) {
    return value === null || value === undefined || value === '' ? [] : [element('dt', {}, term), element('dd', {}, String(value))];
  }

  function drawDetail() {
    const row = rows.get(detailed);
    $('detail-name').textContent = row.unicode ? `${row.unicode} (${row.domain})` : row.domain;
    $('detail-verdict').dataset.v = row.verdict;
    $('detail-verdict').textContent = `${marks[row.verdict]} ${words[row.verdict]}: ${offer.reasons[row.reason] || row.reason}`;
    $('detail-facts').replaceChildren(
      ...fact('Reason', row.reason), ...fact('Detail', row.error), ...fact('Decided by', row.source),
      ...fact('Server', row.server), ...fact('Response', row.rcode), ...fact('Round trip', row.rtt_ms === null ? '' : `${row.rtt_ms} ms`),
      ...fact('Questions', row.tries), ...fact('Checked', row.checked_at && new Date(row.checked_at).toLocaleString()));
    $('detail-star').textContent = stars.has(row.domain) ? '★ Favourite' : '☆ Favourite';
    $('detail-star').ariaPressed = String(stars.has(row.domain));
    $('detail-star').hidden = row.verdict === 'invalid';
    $('detail-confirm').hidden = !offer.confirm || row.verdict !== 'not-found';
    $('detail-confirm').disabled = false;
  }

  function openDetail(key) {
    detailed = key;
    $('detail-note').textContent = '';
    drawDetail();
    $('detail').showModal();
    $('detail-close').focus();
  }

  async function confirmDetail() {
    const key = detailed, old = rows.get(key);
    $('detail-confirm').disabled = true;
    $('detail-note').textContent = 'Asking the registry …';
    let note;
    try {
      const response = await fetch(`/v1/names/${encodeURIComponent(old.domain)}/confirm`, { method: 'POST' });
      if (response.ok) {
        const row = { ...await response.json(), keyword: old.keyword, tld: old.tld };
        if (rows.get(key) !== old) return; // of a search that is gone
        rows.set(key, row);
        draw(row);
        arrange();
        count();
        note = row.source.includes('+') ? 'The registry has answered.' : 'The registry could not say.';
      } else {
        note = await refused(response);
      }
    } catch {
      note = 'The connection to the server broke.';
    }
    if (detailed !== key) return;
    drawDetail();
    $('detail-note').textContent = note;
  }

  // ---- The keyboard in the grid

  function neighbour(td, key) {
    const visible = [...$('grid').tBodies[0].rows].filter(tr => !tr.hidden);
    const cells = tr => [...tr.cells].filter(c => c.dataset.v && !c.classList.contains('off'));
    const row = cells(td.parentNode), i = row.indexOf(td);
    switch (key) {
      case 'ArrowLeft': return row[i - 1];
      case 'ArrowRight': return row[i + 1];
      case 'Home': return row[0];
      case 'End': return row[row.length - 1];
    }
    const step = key === 'ArrowUp' ? -1 : 1;
    const far = c => Math.abs(c.cellIndex - td.cellIndex);
    for (let y = visible.indexOf(td.parentNode) + step; visible[y]; y += step) {
      const next = cells(visible[y]);
      if (next.length) return next.reduce((a, b) => far(b) < far(a) ? b : a);
    }
  }

  function gridKey(event) {
    const td = event.target.closest('td[data-v]');
    if (!td || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 's' || event.key === 'S') {
      if (td.dataset.v === 'invalid') return;
      toggleStar(td.dataset.name);
      $('said').textContent = `${td.dataset.name} is ${stars.has(td.dataset.name) ? 'a favourite' : 'no favourite'}`;
    } else if (/^(Arrow|Home$|End$)/.test(event.key)) {
      const to = neighbour(td, event.key)?.querySelector('.verdict');
      if (to) {
        reachable(to);
        to.focus();
      }
    } else {
      return;
    }
    event.preventDefault();
  }

  // ---- Beginnings

  $('search').addEventListener('submit', event => {
    event.preventDefault();
    search(true);
  });
  $('search').addEventListener('input', event => {
    if (event.target === $('tld') && $('tld').value.includes(',')) takeTLDs();
    drawAffixes();
  });
  $('keywords').addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      search(true);
    }
  });
  $('tld').addEventListener('keydown', event => {
    if (event.key === 'Enter' && $('tld').value.trim()) {
      event.preventDefault();
      takeTLDs();
    } else if (event.key === 'Backspace' && !$('tld').value && tlds.length) {
      tlds.pop();
      drawChips();
    }
  });
  $('add-tld').addEventListener('click', () => {
    takeTLDs();
    $('tld').focus();
  });
  $('stop').addEventListener('click', stop);
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape' && !$('detail').open) stop();
  });
  for (const id of ['show', 'sort']) {
    $(id).addEventListener('change', () => {
      if (searched) history.replaceState(null, '', toAddress(searched));
      arrange();
    });
  }
  $('copy').addEventListener('click', () => copy($('copy'), [...new Set(shownRows().map(row => row.domain))]));
  $('copy-stars').addEventListener('click', () => copy($('copy-stars'), [...stars].sort(collator.compare)));
  $('csv').addEventListener('click', downloadCSV);
  $('json').addEventListener('click', downloadJSON);
  $('grid').addEventListener('click', event => {
    const td = event.target.closest('td[data-v]'), button = event.target.closest('button');
    if (!td || !button) return;
    reachable(td.querySelector('.verdict'));
    if (button.classList.contains('star')) toggleStar(td.dataset.name);
    else openDetail(td.dataset.key);
  });
  $('grid').addEventListener('keydown', gridKey);
  $('detail-star').addEventListener('click', () => {
    toggleStar(rows.get(detailed).domain);
    drawDetail();
  });
  $('detail-copy').addEventListener('click', () => copy($('detail-copy'), [rows.get(detailed).domain]));
  $('detail-confirm').addEventListener('click', confirmDetail);
  $('detail-close').addEventListener('click', () => $('detail').close());
  $('detail').addEventListener('close', () => {
    // The browser gives the focus back, unless the button that had it was drawn
    // anew. This comes later, when the keyboard may have moved on.
    if ($('grid').contains(document.activeElement)) return;
    const to = $('grid').querySelector(`td[data-key="${CSS.escape(detailed)}"] .verdict`);
    if (to) {
      reachable(to);
      to.focus();
    }
  });
  window.addEventListener('storage', event => {
    if (event.key === storeKey) loadStars();
  });
  document.querySelector('.skip').addEventListener('click', event => {
    event.preventDefault(); // what is behind the # is the search
    $('results').focus();
  });
  window.addEventListener('popstate', () => {
    if (location.hash && !location.hash.includes('=')) return; // no address of this page
    complain('');
    if (fromAddress()) search(false);
    else blank();
  });

  async function begin() {
    loadStars();
    fromAddress();
    try {
      const response = await fetch('/v1/options');
      if (response.ok) offer = await response.json();
      else complain(await refused(response));
    } catch {
      complain('The server does not answer.');
    }
    drawChoices();
    if (keywords().length) search(false);
    else blank();
    document.documentElement.dataset.ready = '';
  }
  begin();
})();
