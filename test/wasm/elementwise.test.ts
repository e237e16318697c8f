import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory, type Kernels, runSplit } from './guardedMemory.ts';
import { randomNumbers } from './randomNumbers.ts';

/** One kernel of one range: the call, and the plain formula for an element. */
interface Row {
  readonly name: string;
  readonly call: (
    kernels: Kernels,
    at: { a: number; b: number; y: number },
    begin: number,
    end: number,
  ) => void;
  readonly formula: (a: number, b: number, y: number) => number;
}

const rows: readonly Row[] = [
  {
    name: 'f32_add',
    call: (k, { a, b, y }, begin, end) => k.f32_add!(a, b, y, begin, end),
    formula: (a, b) => a + b,
  },
  {
    name: 'f32_addScaled',
    call: (k, { a, y }, begin, end) => k.f32_addScaled!(a, 0.75, y, begin, end),
    formula: (a, _, y) => y + 0.75 * a,
  },
  {
    name: 'f32_scale',
    call: (k, { a, y }, begin, end) => k.f32_scale!(a, -1.5, y, begin, end),
    formula: (a) => -1.5 * a,
  },
  {
    name: 'f32_fill',
    call: (k, { y }, begin, end) => k.f32_fill!(y, 0.25, begin, end),
    formula: () => 0.25,
  },
];

const size = fc.record({
  n: fc.integer({ min: 0, max: 70 }),
  seed: fc.integer({ min: 0, max: 9999 }),
  split: anySplit,
});

describe.each(builds)('element-wise kernels, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  function run(row: Row, split: readonly number[], [a, b, y]: readonly Float32Array[]) {
    const [out] = runSplit(memory, split, (memory, parts) => {
      const at = { a: memory.f32(a!), b: memory.f32(b!), y: memory.f32(y!) };
      for (const [begin, end] of parts(y!.length)) row.call(memory.kernels, at, begin, end);
      return [memory.readF32(at.y, y!.length)];
    });
    return out!;
  }

  it.each(rows)('$name', (row) => {
    fc.assert(
      fc.property(size, ({ n, seed, split }) => {
        const inputs = [0, 1, 2].map((i) => randomNumbers(n, seed + i));
        // NaN and Infinity, in the vectors and in the remainder.
        if (n > 2) inputs[0]!.set([Number.NaN, Number.POSITIVE_INFINITY], n - 2);
        const expected = Array.from({ length: n }, (_, i) =>
          row.formula(inputs[0]![i]!, inputs[1]![i]!, inputs[2]![i]!),
        );
        expectClose(run(row, split, inputs), expected);
      }),
    );
  });

  it('f32_addBias adds the bias to every row', () => {
    const shape = fc.record({ N: fc.nat({ max: 9 }), D: fc.integer({ min: 1, max: 21 }) });
    fc.assert(
      fc.property(shape, anySplit, ({ N, D }, split) => {
        const [x, bias] = [randomNumbers(N * D, N), randomNumbers(D, D)];
        const [y] = runSplit(memory, split, (memory, parts) => {
          const [input, addend, out] = [memory.f32(x), memory.f32(bias), memory.f32(N * D)];
          for (const [begin, end] of parts(N)) {
            memory.kernels.f32_addBias!(input, addend, out, D, begin, end);
          }
          return [memory.readF32(out, N * D)];
        });
        expect(y).toEqual(x.map((value, i) => value + bias[i % D]!));
      }),
    );
  });

  it('f32_firstNonFinite finds the first NaN or Infinity of its range', () => {
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const range = fc.record({ n: fc.nat({ max: 200 }), begin: fc.nat({ max: 20 }) });
    fc.assert(
      fc.property(range, fc.array(fc.tuple(fc.nat({ max: 199 }), bad)), ({ n, begin }, places) => {
        const x = randomNumbers(n, n, 3e38);
        for (const [i, value] of places) if (i < n) x[i] = value;
        memory.reset();
        const address = memory.f32(x);
        const found = memory.kernels.f32_firstNonFinite!(address, Math.min(begin, n), n);
        expect(found).toBe(x.findIndex((value, i) => i >= begin && !Number.isFinite(value)));
      }),
    );
  });

  it('f32_firstNonFinite sees nothing beyond its range', () => {
    memory.reset();
    // The guards and the uninitialized rest are no numbers.
    const x = memory.f32(100);
    memory.kernels.f32_fill!(x, 1, 3, 90);
    expect(memory.kernels.f32_firstNonFinite!(x, 3, 90)).toBe(-1);
    expect(memory.kernels.f32_firstNonFinite!(x, 3, 91)).toBe(90);
  });
});
