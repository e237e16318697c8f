/** A file that cannot be used; the message is for the person who chose it. */
export class Refusal extends Error {}

export interface Decoded {
  readonly text: string;
  /** What to tell of how it was read; undefined where there is nothing to tell. */
  readonly note: string | undefined;
}

/** How many of a file's first bytes are looked at. */
const LOOKED_AT = 8000;

const OLD_ENCODING =
  'The file is not in UTF-8, so it was read as Windows-1252 (Western European). Check that accents and signs look right.';

/** What common files that are no text begin with. */
const KINDS: readonly (readonly [start: string, what: string])[] = [
  ['PK\u0003\u0004', 'a spreadsheet, a document or a zip archive'],
  ['%PDF', 'a PDF document'],
  ['\u0089PNG', 'a picture'],
  ['\u00ff\u00d8\u00ff', 'a picture'],
  ['GIF8', 'a picture'],
  ['\u001f\u008b', 'a compressed file'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Office file'],
];

/**
 * The text of a file: UTF-8, UTF-16, or Windows-1252 where it is neither.
 *
 * @throws Refusal for a file that is no text.
 */
export function decodeFile(bytes: Uint8Array): Decoded {
  const start = bytes.subarray(0, LOOKED_AT);
  const wide = wideEncoding(start);
  if (wide) return { text: new TextDecoder(wide).decode(bytes), note: undefined };
  refuseBinary(start);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), note: undefined };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), note: OLD_ENCODING };
  }
}

/** UTF-16 has its mark, or as Latin text every second byte is 0. */
function wideEncoding(start: Uint8Array): string | undefined {
  const [first, second] = start;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2]!++;
  const [even, odd] = zeros as [number, number];
  const half = start.length / 2;
  if (odd > 0.7 * half && even < 0.1 * half) return 'utf-16le';
  if (even > 0.7 * half && odd < 0.1 * half) return 'utf-16be';
  return undefined;
}

function refuseBinary(start: Uint8Array): void {
  const head = String.fromCharCode(...start.subarray(0, 8));
  const kind = KINDS.find(([signature]) => head.startsWith(signature));
  const controls = start.filter((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27));
  if (!kind && !start.includes(0) && controls.length <= 0.02 * start.length) return;
  const what = kind ? `This looks like ${kind[1]}` : 'This file is not text';
  throw new Refusal(
    `${what}, so there are no rows to read in it. Open it in the program it comes from and save it as CSV or as plain text.`,
  );
}
