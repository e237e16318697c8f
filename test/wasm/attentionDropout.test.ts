import { describe, expect, it } from 'vitest';
import { type AttentionProblem, problem, runAttention } from './attentionCase.ts';
import { builds, GuardedMemory } from './guardedMemory.ts';
import { dropoutFactor } from './reference/attention.ts';

const [B, T, H] = [2, 64, 4];

/**
 * Equal scores, so that all weights are 1 / T, and values that are the unit matrix: the output is
 * the dropout mask, (B, T, H, T), scaled.
 */
function maskProblem(dropoutRate: number, seed: number): AttentionProblem {
  const p = problem({ B, Tq: T, Tk: T, H, keyHeads: 1, d: 1, dv: T, dropoutRate });
  const value = Float32Array.from({ length: B * T * T }, (_, i) =>
    Number(Math.floor(i / T) % T === i % T),
  );
  return { ...p, query: p.query.fill(0), value, seed };
}

/** The mask itself, 1 = kept. */
function maskOf(memory: GuardedMemory, dropoutRate: number, seed: number): number[] {
  const { output } = runAttention(memory, [0.3], maskProblem(dropoutRate, seed));
  const kept = Math.fround(1 / (T * (1 - dropoutRate)));
  return Array.from(output, (x) => {
    if (x !== 0 && Math.abs(x / kept - 1) > 1e-5) throw new Error(`${x} is neither 0 nor ${kept}`);
    return Number(x !== 0);
  });
}

/** How many standard deviations a count of kept elements is from its expectation. */
function deviation(kept: number, count: number, rate: number): number {
  return Math.abs(kept - count * (1 - rate)) / Math.sqrt(count * rate * (1 - rate));
}

const sum = (numbers: readonly number[]) => numbers.reduce((x, y) => x + y, 0);

describe.each(builds)('dropout in f32_attention, $name build', ({ module }) => {
  const memory = new GuardedMemory(module);

  it.each([0.1, 0.5, 0.9])('drops its share, overall and in each row and column: %f', (rate) => {
    const mask = maskOf(memory, rate, 42);
    expect(deviation(sum(mask), mask.length, rate)).toBeLessThan(4);
    const rows = mask.length / T;
    for (let row = 0; row < rows; row++) {
      expect(deviation(sum(mask.slice(row * T, row * T + T)), T, rate)).toBeLessThan(5.5);
    }
    for (let column = 0; column < T; column++) {
      const kept = sum(mask.filter((_, i) => i % T === column));
      expect(deviation(kept, rows, rate)).toBeLessThan(5);
    }
  });

  it('drops neighbours, rows, heads and batches independently of each other', () => {
    const mask = maskOf(memory, 0.5, 7);
    // Steps through (B, T, H, T): next key, next head, next query row, next batch element.
    for (const step of [1, 2, 4, T, T * H, T * H * T]) {
      const pairs = mask.length - step;
      const equal = sum(mask.slice(step).map((kept, i) => Number(kept === mask[i])));
      expect(deviation(equal, pairs, 0.5)).toBeLessThan(4);
    }
  });

  it('follows the documented hash, another mask for another seed', () => {
    const p = maskProblem(0.3, 11);
    const mask = maskOf(memory, 0.3, 11);
    const expected = mask.map((_, i) => {
      const [j, h] = [i % T, Math.floor(i / T) % H];
      const [row, b] = [Math.floor(i / T / H) % T, Math.floor(i / T / H / T)];
      return Number(dropoutFactor(p, [b, h, row, j]) > 0);
    });
    expect(mask).toEqual(expected);
    for (const seed of [10, 12, -11, 0x7fffffff]) {
      const other = maskOf(memory, 0.3, seed);
      const agreement = sum(other.map((kept, i) => Number(kept === mask[i])));
      expect(deviation(agreement, mask.length, 0.3 * 0.7 * 2)).toBeLessThan(4);
    }
  });

  it('drops the same elements whatever the other sizes are', () => {
    const whole = maskOf(memory, 0.5, 3);
    const p = maskProblem(0.5, 3);
    // One query row only: the path that packs nothing.
    const one = { ...p, B: 1, Tq: 1, query: p.query.slice(0, H) };
    const { output } = runAttention(memory, [], one);
    expect(Array.from(output, (x) => Number(x !== 0))).toEqual(whole.slice(0, H * T));
  });
});
