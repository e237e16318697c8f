/** What `npm run bench -- …` was asked for, and what is said where it was asked wrongly. */
export const usage =
  'The options are --json [FILE.json], --threads N, --relaxed and --profile; the rest are names of rows.';

/**
 * @param given the words after the command's name.
 * @param rows names of all rows. A name also selects the rows that go on after it with a dash.
 * @returns the rows asked for, all where none was named, and the options. `json` is a file, or
 *   'stdout'.
 * @throws Error that says what is not known and what is.
 */
export function parseArguments(given, rows) {
  const parsed = { names: [], threads: 1, relaxed: false, profile: false, json: undefined };
  const words = [...given];
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--relaxed' || word === '--profile') parsed[word.slice(2)] = true;
    else if (word === '--threads') parsed.threads = parseThreads(words.shift());
    else if (word === '--json') {
      parsed.json = words[0]?.endsWith('.json') ? words.shift() : 'stdout';
    } else parsed.names.push(...rowsNamed(word, rows));
  }
  const names = rows.filter((row) => parsed.names.length === 0 || parsed.names.includes(row));
  return { ...parsed, names };
}

function parseThreads(word) {
  if (/^[1-9]\d*$/.test(word ?? '')) return Number(word);
  throw new Error(`--threads must be followed by a whole number of at least 1, not ${word}.`);
}

function rowsNamed(word, rows) {
  const found = rows.filter((row) => row === word || row.startsWith(`${word}-`));
  if (found.length > 0) return found;
  const kind = word.startsWith('-') ? 'option' : 'row';
  throw new Error(`No ${kind} '${word}'. The rows are ${rows.join(', ')}. ${usage}`);
}
