import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/formats/crc32.ts';

/** Bit by bit, as the polynomial is defined. */
function reference(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32', () => {
  it('gives the published check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it('is that of its definition, whatever the length and wherever the bytes begin in memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(11), (bytes, before) => {
        const memory = new Uint8Array(before + bytes.length + 3);
        memory.set(bytes, before);
        const view = memory.subarray(before, before + bytes.length);
        expect(crc32(view)).toBe(reference(bytes));
      }),
    );
  });
});
