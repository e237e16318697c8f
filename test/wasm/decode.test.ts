import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveOfRounding } from './conditioning.ts';
import { anyCalls, callsOf, decode, phases, tokensOf } from './decodeKernel.ts';
import {
  anyDecoderCase,
  type DecoderCase,
  DecoderInMemory,
  numbersOf,
  POSITIONS,
  shapeOf,
} from './decoderCase.ts';
import { expectClose } from './expectClose.ts';
import { anySplit, builds, firstDifference, GuardedMemory } from './guardedMemory.ts';
import { decoder } from './reference/decoder.ts';

const plain: DecoderCase = {
  ...{ layerCount: 2, width: 9, keyValueHeads: 2, group: 2, headDim: 3, intermediate: 7 },
  ...{ vocabulary: 11, activation: 3, isRotary: false, isRms: false, isFused: true },
  ...{ isGated: false, isTied: true, hasBias: true },
  ...{ isNormLast: false, sourceLengths: undefined },
};

describe.each(builds)('f32_decode, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it('agrees with float64 for any decoder and calls; its bits do not depend on the split', () => {
    fc.assert(
      fc.property(anyDecoderCase, anyCalls, anySplit, (c, some, fractions) => {
        const shape = shapeOf(c);
        const weights = numbersOf(c);
        const calls = callsOf(shape.vocabulary, some);
        const logits = decode(memory, fractions, c, weights, calls);
        const last = calls.sequences.length - 1;
        const compute = (numbers: typeof weights) =>
          calls.sequences.flatMap((ids, row) => decoder(shape, numbers, ids, last - row));
        const expected = compute(weights);
        const size = Math.max(1, ...expected.map(Math.abs));
        // A tenth of it is what rounding the weights does, where a layer makes much of little.
        const absolute = Math.max(3e-5 * size, 10 * moveOfRounding(compute, weights));
        expectClose(logits, expected, { relative: 0, absolute });
      }),
      { numRuns: 120 },
    );
  });

  it('agrees with float64 as far as its weights tell: a norm of two numbers near zero', () => {
    // Found by the property above; rounding the weights alone moves a logit by 1.3e-5.
    const c: DecoderCase = {
      ...{ layerCount: 2, width: 2, keyValueHeads: 1, group: 2, headDim: 5, intermediate: 19 },
      ...{ vocabulary: 19, activation: 3, isRotary: false, isRms: true, isFused: true },
      ...{ isGated: false, isTied: false, hasBias: false },
      ...{ isNormLast: true, sourceLengths: undefined },
    };
    const compute = (numbers: ReturnType<typeof numbersOf>) =>
      calls.sequences.flatMap((ids, row) => decoder(shapeOf(c), numbers, ids, 2 - row));
    const calls = callsOf(19, { prompts: [1, 5, 1], steps: 3 });
    const move = moveOfRounding(compute, numbersOf(c));
    expect(move).toBeGreaterThan(1e-6);
    const logits = decode(memory, [], c, numbersOf(c), calls);
    expectClose(logits, compute(numbersOf(c)), { relative: 0, absolute: 10 * move });
  });

  it('does in one call what it does in phases, bit for bit', () => {
    for (const isPrompt of [false, true]) {
      const logits = [false, true].map((isWhole) => {
        memory.reset();
        const run = new DecoderInMemory(memory, shapeOf(plain), numbersOf(plain), 3, 5, 2);
        const calls = callsOf(11, { prompts: [3, 2], steps: 0 });
        run.prepare(tokensOf(calls, [0, 0], [3, 2], [1, 0]), isPrompt);
        const { model, step, scratch } = run;
        if (isWhole) memory.kernels.f32_decode!(model, step, scratch, 0, 1);
        else {
          for (const { phase, layer, count } of phases(run, 5)) {
            memory.kernels.f32_decode_phase!(model, step, phase, layer, scratch, 0, count);
          }
        }
        memory.expectGuards();
        return memory.readF32(run.logits, 22).slice();
      });
      expect(firstDifference(logits[0]!, logits[1]!)).toBe(-1);
    }
  });

  it('gives a sequence the same bits whatever is decoded beside it', () => {
    const weights = numbersOf(plain);
    const calls = callsOf(11, { prompts: [4, 1, 5], steps: 2 });
    const together = decode(memory, [], plain, weights, calls);
    calls.prompts.forEach((n, row) => {
      const one = { prompts: [n], sequences: [calls.sequences[row]!] };
      const alone = decode(memory, [], plain, weights, one);
      expect(firstDifference(alone, together.slice(11 * row, 11 * row + 11))).toBe(-1);
    });
  });

  it('keeps a NaN to the sequence it is in', () => {
    const weights = numbersOf(plain);
    const words = Float32Array.from(weights.words);
    words[5 * 9] = Number.NaN;
    const head = Float32Array.from({ length: 99 }, (_, i) => i % 7);
    const calls = { prompts: [2, 2], sequences: [[5, 1], [2, 1]] }; // biome-ignore format: short
    const untied = { ...plain, isTied: false };
    const logits = decode(memory, [0.5], untied, { ...weights, words, head }, calls);
    expect(logits.slice(0, 11).every(Number.isNaN)).toBe(true);
    expect(logits.slice(11).every(Number.isFinite)).toBe(true);
  });

  it('picks the largest of scores that are too large for exponents', () => {
    const weights = numbersOf(plain);
    const layers = weights.layers.map((layer) => ({
      ...layer,
      query: Float32Array.from(layer.query!, (x) => 5e4 * x),
    }));
    const calls = callsOf(11, { prompts: [3, 6], steps: 2 });
    const logits = decode(memory, [0.5], plain, { ...weights, layers }, calls);
    const expected = calls.sequences.flatMap((ids) =>
      decoder(shapeOf(plain), { ...weights, layers }, ids),
    );
    expectClose(logits, expected, { relative: 0, absolute: 1e-2 });
  });

  it('reads long rows of keys in parts', () => {
    // 8 parts of at least 1,024 floats: with 12 positions that takes heads of 1,024.
    const wide = { ...plain, layerCount: 1, headDim: 1024, keyValueHeads: 1, group: 1 };
    const weights = numbersOf(wide);
    const calls = callsOf(11, { prompts: [POSITIONS - 2], steps: 2 });
    const logits = decode(memory, [0.5], wide, weights, calls);
    const expected = decoder(shapeOf(wide), weights, calls.sequences[0]!);
    const size = Math.max(...expected.map(Math.abs));
    expectClose(logits, expected, { relative: 0, absolute: 1e-4 * size });
  });
});
