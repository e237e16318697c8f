import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyAttentionCase, largerCases, problem, runAttentionGrad } from './attentionCase.ts';
import { dot, expectClose, numericGradient } from './expectClose.ts';
import { anySplit, builds, GuardedMemory } from './guardedMemory.ts';
import { attention, attentionGrad } from './reference/attention.ts';

const tolerance = { relative: 5e-5, absolute: 3e-5 };

describe.each(builds)('f32_attentionGrad, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each(largerCases)('agrees with float64: $title', ({ title: _, ...shape }) => {
    const p = problem(shape);
    const actual = runAttentionGrad(memory, [0.4], p);
    const expected = attentionGrad(p, p.outputGrad);
    expectClose(actual.dquery, expected.dquery, tolerance);
    expectClose(actual.dkey, expected.dkey, tolerance);
    expectClose(actual.dvalue, expected.dvalue, tolerance);
  });

  it('agrees with float64 for any shape and option, and its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyAttentionCase, anySplit, (shape, fractions) => {
        const p = problem(shape);
        const actual = runAttentionGrad(memory, fractions, p);
        const expected = attentionGrad(p, p.outputGrad);
        expectClose(actual.dquery, expected.dquery, tolerance);
        expectClose(actual.dkey, expected.dkey, tolerance);
        expectClose(actual.dvalue, expected.dvalue, tolerance);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    { causal: false, dropoutRate: 0 },
    { causal: true, dropoutRate: 0.3, seen: 0.8, biasShape: [true, false, true] as const },
  ])('agrees with finite differences: %o', (options) => {
    const shape = { B: 2, Tq: 5, Tk: 6, H: 2, keyHeads: 1, d: 3, dv: 2 };
    const p = problem({ ...shape, ...options });
    const actual = runAttentionGrad(memory, [], p);
    for (const name of ['query', 'key', 'value'] as const) {
      const loss = (x: number[]) => dot(attention({ ...p, [name]: x }).output, p.outputGrad);
      expectClose(actual[`d${name}`], numericGradient(loss, p[name]), tolerance);
    }
  });

  it('gives zeros, not NaN, for what a row without keys would have passed on', () => {
    const shape = { B: 1, Tq: 9, Tk: 5, H: 1, keyHeads: 1, d: 4, dv: 4 };
    const p = { ...problem(shape), keyMask: new Uint8Array(5) };
    const { dquery, dkey, dvalue } = runAttentionGrad(memory, [], p);
    for (const gradient of [dquery, dkey, dvalue])
      expect(gradient.every((x) => x === 0)).toBe(true);
  });

  it('lets NaN through', () => {
    const p = problem({ B: 1, Tq: 9, Tk: 5, H: 2, keyHeads: 2, d: 4, dv: 4 });
    p.outputGrad[2] = Number.NaN;
    const { dquery, dkey, dvalue } = runAttentionGrad(memory, [], p);
    const expected = attentionGrad(p, p.outputGrad);
    expectClose(dquery, expected.dquery, tolerance);
    expectClose(dkey, expected.dkey, tolerance);
    expectClose(dvalue, expected.dvalue, tolerance);
    expect(dkey.some(Number.isNaN)).toBe(true);
    expect(dkey.every(Number.isNaN)).toBe(false);
  });
});
