// Requests to the server, and its responses.

const busyPause = 5; // seconds

// A Refusal is a response that is not a success, or none.
export class Refusal extends Error {
  constructor(text, retryAfter = 0, final = false) {
    super(text);
    this.retryAfter = retryAfter; // seconds
    this.final = final; // the same request will be refused again
  }
}

async function refusal(response) {
  if (response.status === 401) {
    location.reload(); // shows the login
    return new Refusal('A token is needed.');
  }
  // A server that is busy with others does not know for how long.
  const after = Number(response.headers.get('Retry-After')) || (response.status === 429 ? busyPause : 0);
  try {
    const { detail } = await response.json();
    return new Refusal(detail[0].toUpperCase() + detail.slice(1) + '.', after, [400, 413].includes(response.status));
  } catch {
    return new Refusal(`The server answers ${response.status}.`, after);
  }
}

export async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init?.signal?.aborted) throw error;
    throw new Refusal('The server does not answer.', 0);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export const askJSON = async (path, init) => (await ask(path, init)).json();

// probe asks about the names of a query. The batches of rows come as they arrive.
export async function probe(query, signal) {
  const response = await ask('/v1/probe', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ...query, score: true }), signal,
  });
  return { names: Number(response.headers.get('Domprobe-Names')), batches: batchesOf(response) };
}

const pause = () => new Promise(resume => setTimeout(resume));

// batchesOf yields the objects of JSON Lines. A batch is small, and the page has a
// moment for its user between two of them.
async function* batchesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '', start = performance.now();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop();
    for (let i = 0; i < parts.length; i += 100) {
      yield parts.slice(i, i + 100).map(line => JSON.parse(line));
      if (performance.now() - start < 12) continue;
      await pause();
      start = performance.now();
    }
  }
}

// confirm asks the registry about the name of a row. Of a name that is found it
// asks for the dates, and its owner for an offer.
export async function confirm(row) {
  const path = `/v1/names/${encodeURIComponent(row.domain)}/confirm?tld=${encodeURIComponent(row.tld)}`;
  const confirmed = row.verdict === 'found' ? await lookedUp(row.domain) : await askJSON(path, { method: 'POST' });
  return row.tld ? { ...confirmed, keyword: row.keyword, tld: row.tld } : confirmed;
}

async function lookedUp(domain) {
  const { batches } = await probe({ keyword: [domain], confirm: true, dates: true, for_sale: true, parked: true });
  for await (const batch of batches) if (batch.length) return batch[0];
  throw new Refusal('The registry did not answer.');
}

// whyEnded returns why rows are missing at the end of a response, as far as the
// server can still tell.
export async function whyEnded(otherwise) {
  try {
    await ask('/healthz');
    return otherwise;
  } catch (error) {
    return error.message[0].toLowerCase() + error.message.slice(1, -1);
  }
}
