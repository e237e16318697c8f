const encoder = new TextEncoder();

const isPrintable = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/**
 * The 256 letters of byte-level BPE: byte -> one visible character.
 *
 * Printable Latin-1 bytes stand for themselves; the others take the characters from U+0100 on, in
 * the order of the bytes, so that no token holds a space or a control character (' ' -> 'Ġ').
 *
 * Source: GPT-2's encoder (Radford et al. 2019), as in HF's `ByteLevel`.
 */
export const byteAlphabet: readonly string[] = makeByteAlphabet();

function makeByteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : next++),
  );
}

/**
 * Text as UTF-8, each byte written as its letter of {@link byteAlphabet}.
 *
 * A lone surrogate has no UTF-8 and is encoded as U+FFFD, as TextEncoder does.
 */
export function toByteLetters(text: string): string {
  let letters = '';
  for (const byte of encoder.encode(text)) letters += byteAlphabet[byte];
  return letters;
}

/** The 256 letters in the order of their code points: HF's and GPT-2's order of the first ids. */
export function sortedByteLetters(): string[] {
  return [...byteAlphabet].sort();
}
