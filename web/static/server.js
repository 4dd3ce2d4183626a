// Responses of the server.

// refused returns the text of a response that is not a success.
export async function refused(response) {
  if (response.status === 401) {
    location.reload(); // shows the login
    return 'A token is needed.';
  }
  try {
    const { detail } = await response.json();
    return detail[0].toUpperCase() + detail.slice(1) + '.';
  } catch {
    return `The server answers ${response.status}.`;
  }
}

// lineByLine yields the JSON objects of a response as they arrive.
export async function* lineByLine(response) {
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
