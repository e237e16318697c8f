import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyAttentionCase,
  largerCases,
  problem,
  runAttention,
  runAttentionGrad,
} from './attentionCase.ts';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { MemoryEnd } from './memoryEnd.ts';
import { attention, attentionGrad } from './reference/attention.ts';

const tolerance = { relative: 2e-5, absolute: 5e-6 };

describe.each(builds)('f32_attention, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each(largerCases)('agrees with float64: $title', ({ title: _, ...shape }) => {
    const p = problem(shape);
    const { output, weights } = runAttention(memory, [0.3, 0.7], p);
    const expected = attention(p);
    expectClose(output, expected.output, tolerance);
    expectClose(weights, expected.weights, tolerance);
  });

  it('agrees with float64 for any shape and option, and its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyAttentionCase, anySplit, (shape, fractions) => {
        const p = problem(shape);
        const { output, weights } = runAttention(memory, fractions, p);
        const expected = attention(p);
        expectClose(output, expected.output, tolerance);
        expectClose(weights, expected.weights, tolerance);
      }),
      { numRuns: 400 },
    );
  });

  it.each([1, 9])('gives zeros where a row sees no key, %i rows', (Tq) => {
    const shape = { B: 2, Tq, Tk: 5, H: 2, keyHeads: 2, d: 4, dv: 4 };
    const masked = { ...problem(shape), keyMask: Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 1) };
    const { output, statistics } = runAttention(memory, [], masked);
    expect([...output.subarray(0, Tq * 8)]).toEqual(new Array(Tq * 8).fill(0));
    expect(output.subarray(Tq * 8).every((x) => x !== 0)).toBe(true);
    expect(statistics.every(Number.isFinite)).toBe(true);
  });

  it('does not look at the scores of masked keys', () => {
    const p = problem({ B: 1, Tq: 9, Tk: 8, H: 1, keyHeads: 1, d: 4, dv: 4, seen: 1 });
    p.keyMask![3] = 0;
    const before = runAttention(memory, [], p).output;
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      p.key.fill(bad, 3 * 4, 4 * 4);
      expect(runAttention(memory, [], p).output).toEqual(before);
    }
  });

  it.each([1, 9])('lets NaN and Infinity through, and only where they belong, %i rows', (Tq) => {
    const shape = { B: 1, Tq, Tk: 9, H: 2, keyHeads: 2, d: 4, dv: 4 };
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const seen of [undefined, 1]) {
        for (const name of ['query', 'key', 'value'] as const) {
          const p = problem(seen === undefined ? shape : { ...shape, seen });
          p[name][name === 'query' ? 1 : 8 * 5 + 2] = bad;
          const { output, weights } = runAttention(memory, [], p);
          const expected = attention(p);
          expectClose(output, expected.output, tolerance);
          expectClose(weights, expected.weights, tolerance);
          // The second head never meets the bad query, nor the first head the bad key or value.
          expect(expected.output.some(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  it('takes a bias of -Infinity as a mask', () => {
    const shape = { B: 1, Tq: 9, Tk: 7, H: 1, keyHeads: 1, d: 4, dv: 4 };
    const biasShape = [false, false, true] as const;
    const p = problem({ ...shape, biasShape });
    for (let i = 0; i < 9; i++) {
      for (let j = 0; j < 7; j++) p.biasNumbers![i * 7 + j] = j < i ? 0 : Number.NEGATIVE_INFINITY;
    }
    const { output } = runAttention(memory, [], p);
    expect([...output.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expectClose(output, attention(p).output, tolerance);
  });

  it('keeps its sum when all scores are large or far apart', () => {
    const p = problem({ B: 1, Tq: 9, Tk: 33, H: 1, keyHeads: 1, d: 4, dv: 4, scale: 300 });
    const { output, weights } = runAttention(memory, [], p);
    // float32 scores of some hundreds: a thousandth of a power.
    expectClose(output, attention(p).output, { relative: 2e-3, absolute: 2e-3 });
    expect(weights.every((w) => w === 0 || w >= 2 ** -127)).toBe(true);
  });

  it.each([2, 9])('picks the largest score, however large all are, %i rows', (Tq) => {
    // Scores of 1e5 up to those that leave float32 once they are exponents of 2.
    for (const size of [1e5, 1e9, 1e12, 1e25, 2.8e38]) {
      for (const options of [{}, { seen: 0.9 }, { biasShape: [false, false, true] as const }]) {
        for (const sign of [1, -1]) {
          const shape = { B: 1, Tq, Tk: 11, H: 1, keyHeads: 1, d: 1, dv: 5, scale: 1, ...options };
          const p = problem(shape);
          p.query.fill(sign);
          p.key.set(Float32Array.from(p.key, (_, j) => size * (1 - ((j * 7) % 11) / 50)));
          const { output, weights, dquery, dkey, dvalue } = runAttentionGrad(memory, [0.5], p);
          const expected = attention(p);
          expectClose(output, expected.output, tolerance);
          expectClose(weights, expected.weights, tolerance);
          const gradients = attentionGrad(p, p.outputGrad);
          expectClose(dvalue, gradients.dvalue, { absolute: 1e-4 });
          // One probability is 1: what is left of their gradients is rounding.
          expectClose(dquery, gradients.dquery, { absolute: 1e-5 * size });
          expectClose(dkey, gradients.dkey, { absolute: 1e-4 });
        }
      }
    }
  });

  it.each([2, 9])('gives NaN where the scores of all keys seen are -Infinity, %i rows', (Tq) => {
    for (const options of [{}, { seen: 0.6 }, { causal: true }]) {
      const p = problem({ B: 1, Tq, Tk: 12, H: 1, keyHeads: 1, d: 3, dv: 4, ...options });
      p.query.fill(Number.NEGATIVE_INFINITY);
      p.key.fill(1);
      const { output } = runAttention(memory, [], p);
      expect(output.every(Number.isNaN)).toBe(true);
    }
  });

  it.each([3, 5])('reads nothing behind its inputs, %i rows', (Tq) => {
    const biasShape = [true, true, true] as const;
    for (const last of ['query', 'key', 'value', 'keyMask', 'biasNumbers'] as const) {
      const p = problem({ B: 1, Tq, Tk: 7, H: 1, keyHeads: 1, d: 5, dv: 3, seen: 0.5, biasShape });
      const end = new MemoryEnd(module, 1);
      const place = (name: typeof last) =>
        name === last
          ? end.atTheEnd(p[name]!)
          : name === 'keyMask'
            ? end.u8(p.keyMask!)
            : end.f32(p[name]!);
      const [q, k, v] = [place('query'), place('key'), place('value')];
      const [mask, bias] = [place('keyMask'), place('biasNumbers')];
      const o = end.allocate(4 * Tq * 3);
      const scratch = end.allocate(end.kernels.f32_attention_scratchBytes!(Tq, 7, 5, 3));
      end.kernels.f32_attention!(
        ...[q, 5, 0, k, 5, 0, v, 3, 0, o, 3, 0, 0, 0, mask, bias, 7, 0, 0],
        ...[1, 1, Tq, 7, 5, 3, 0, p.scale, 0, 0, scratch, 0, 1],
      );
      expectClose(end.readF32(o, Tq * 3), attention(p).output, tolerance);
    }
  });
});
