/** Bytes taken in one turn of the loop. */
const SLICES = 8;

let tables: Int32Array | undefined;

/**
 * CRC-32 as in zip and gzip (polynomial 0xEDB88320). Enough against accidents, which is what a seal
 * is for, and it needs no `crypto.subtle`, which browsers deny to plain http pages.
 *
 * Eight bytes at a time, with a table for each of their places: 10 times the speed of one table.
 *
 * @see Kounavis and Berry, A Systematic Approach to Building High Performance Software-Based CRC
 *   Generators (2005).
 */
export function crc32(bytes: Uint8Array): number {
  tables ??= makeTables();
  // Words are read where they are aligned; the bytes before and after are taken one by one.
  const head = -bytes.byteOffset & 3;
  const pairs = Math.floor((bytes.length - head) / SLICES);
  if (pairs <= 0) return ~bytewise(-1, bytes, tables) >>> 0;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, 2 * pairs);
  const crc = wordwise(bytewise(-1, bytes.subarray(0, head), tables), words, tables);
  return ~bytewise(crc, bytes.subarray(head + SLICES * pairs), tables) >>> 0;
}

function bytewise(start: number, bytes: Uint8Array, table: Int32Array): number {
  let crc = start;
  for (let i = 0; i < bytes.length; i++) {
    crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  }
  return crc;
}

/** @param words an even number of them. */
function wordwise(start: number, words: Int32Array, table: Int32Array): number {
  let crc = start;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]! ^ crc;
    const high = words[i + 1]!;
    // The first byte has the longest way to go, through the last of the tables.
    crc =
      table[0x700 | (low & 0xff)]! ^
      table[0x600 | ((low >>> 8) & 0xff)]! ^
      table[0x500 | ((low >>> 16) & 0xff)]! ^
      table[0x400 | (low >>> 24)]! ^
      table[0x300 | (high & 0xff)]! ^
      table[0x200 | ((high >>> 8) & 0xff)]! ^
      table[0x100 | ((high >>> 16) & 0xff)]! ^
      table[high >>> 24]!;
  }
  return crc;
}

/** Row r holds what a byte becomes after r zero bytes more. */
function makeTables(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256]!;
    table[i] = (before >>> 8) ^ table[before & 0xff]!;
  }
  return table;
}
