// The keywords that a typed or pasted text means.

const bullet = /^\s*(?:[-*+•·‣◦▪–—]+\s+|\(?\d{1,5}[.)](?:\s+|$)|\[[ x]?\]\s+)+/;
const url = /\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/@]*@)?(?:www\.)?([^\s/:?#,;|"'<>()]+)[^\s,;|"'<>]*/gi;
const mail = /(?:mailto:)?[^\s@,;|<>"'()]+@([^\s@,;|<>"'()]+)/gi;
const around = /^["'`“”„‘’‚«»‹›「」『』<>()[\]{}*•·.:]+|["'`“”„‘’‚«»‹›「」『』<>()[\]{}.!?:…]+$/g;

const plain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i; // most words of most lists

export const isDomain = word => /[.。．｡]/.test(word);

// wordsOf returns the words of an item of a list, without quotes and punctuation.
function wordsOf(item) {
  if (plain.test(item)) return [item];
  const words = item.split(/\s+/).flatMap(word => {
    const [first, ...rest] = word.split('/');
    return isDomain(first) ? [first] : [first, ...rest];
  });
  return words.map(word => word.replace(around, '').replace(/^www\.(?=[^.]+\.)/i, '')).filter(word => /[^\p{P}\p{Z}]/u.test(word));
}

// meaning returns the keywords of a text, each once, and its first phrase. A
// phrase is read joined, separate or both ways. Two words are usually a phrase,
// more are usually a list.
export function meaning(text, reading = '') {
  if (text !== last.text || reading !== last.asked) last = { text, asked: reading, ...read(text, reading) };
  return last;
}

let last = {}; // a form asks for the same text again and again

function read(text, reading) {
  const keywords = new Set();
  let phrase = '', usual = '';
  for (const line of text.split('\n')) {
    const items = plain.test(line) ? [line] : line.replace(bullet, '').replace(url, '$1').replace(mail, '$1').split(/[,;|\t\r，、；]+/);
    for (const words of items.map(wordsOf)) {
      const several = words.length > 1 && !words.some(isDomain);
      const how = several ? reading || (words.length === 2 ? 'both' : 'separate') : 'separate';
      if (several && !phrase) [phrase, usual] = [words.join(' '), how];
      if (how !== 'separate') keywords.add(words.join(''));
      if (how !== 'joined') words.forEach(word => keywords.add(word));
    }
  }
  return { keywords: [...keywords], phrase, reading: usual };
}
