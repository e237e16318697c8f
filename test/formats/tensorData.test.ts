import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SafeTensorDtype } from '../../src/formats/safetensors.ts';
import { float32Tensor, int32Tensor, toFloat32 } from '../../src/formats/tensorData.ts';

function tensorOf(dtype: SafeTensorDtype, values: ArrayBufferView & { length: number }) {
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype, shape: [values.length], data };
}

/** The value of a half by the definition of IEEE 754. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('toFloat32', () => {
  it('keeps F32 as a view where it is aligned, and copies it where it is not', () => {
    const values = Float32Array.of(1.5, -2, 3e38);
    expect(toFloat32(float32Tensor(values, [3])).buffer).toBe(values.buffer);
    const shifted = new Uint8Array(13);
    shifted.set(new Uint8Array(values.buffer), 1);
    const copy = toFloat32({ dtype: 'F32', shape: [3], data: shifted.subarray(1) });
    expect(copy).toEqual(values);
  });

  it('widens all 65,536 halves exactly', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const wide = toFloat32(tensorOf('F16', bits));
    for (let i = 0; i < bits.length; i++) {
      if (!Object.is(wide[i], halfValue(i))) throw new Error(`half ${i} became ${wide[i]}`);
    }
  });

  it('widens bfloat16 to the float32 with the same upper bits', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const wide = new Uint32Array(toFloat32(tensorOf('BF16', bits)).buffer);
    expect(wide.every((word, i) => word === i * 65536)).toBe(true);
    const one = toFloat32(tensorOf('BF16', Uint16Array.of(0x3f80, 0xc000, 0x7f80)));
    expect([...one]).toEqual([1, -2, Number.POSITIVE_INFINITY]);
  });

  it('rounds doubles as Math.fround does', () => {
    fc.assert(
      fc.property(fc.float64Array({ maxLength: 20 }), (values) => {
        expect([...toFloat32(tensorOf('F64', values))]).toEqual([...values].map(Math.fround));
      }),
    );
  });

  it.each<[SafeTensorDtype, ArrayBufferView & { length: number }, number[]]>([
    ['BOOL', Uint8Array.of(0, 1), [0, 1]],
    ['U8', Uint8Array.of(0, 255), [0, 255]],
    ['I8', Int8Array.of(-128, 127), [-128, 127]],
    ['I16', Int16Array.of(-32768, 32767), [-32768, 32767]],
    ['U16', Uint16Array.of(0, 65535), [0, 65535]],
    ['I32', Int32Array.of(-5, 2 ** 24), [-5, 2 ** 24]],
    ['U32', Uint32Array.of(0, 2 ** 31), [0, 2 ** 31]],
    ['I64', BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40]],
    ['U64', BigUint64Array.of(5n, 2n ** 63n), [5, 2 ** 63]],
  ])('reads %s', (dtype, values, expected) => {
    expect([...toFloat32(tensorOf(dtype, values))]).toEqual(expected);
  });

  it('refuses 8-bit floats by name', () => {
    expect(() => toFloat32(tensorOf('F8_E4M3', new Uint8Array(1)))).toThrow(/F8_E4M3 cannot be/);
  });
});

describe('int32Tensor', () => {
  it('shares the bytes of its values', () => {
    const values = Int32Array.of(1, 2, 3);
    const tensor = int32Tensor(values.subarray(1), [2]);
    expect(tensor.data).toEqual(new Uint8Array(values.buffer, 4, 8));
    expect(tensor.data.buffer).toBe(values.buffer);
  });
});
