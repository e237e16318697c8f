import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import {
  type MultiHeadAttention,
  multiHeadAttention,
} from '../../src/layers/multiHeadAttention.ts';

type Rows = number[][];

function randomRows(rows: number, columns: number, seed: number): Rows {
  const random = new Random(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => 2 * random.uniform() - 1),
  );
}

/** The layer in plain loops, for one sequence. `allowed[t][s]`: whether t may attend to s. */
function reference(
  layer: MultiHeadAttention,
  { query, key, value }: { query: Rows; key: Rows; value: Rows },
  sizes: { heads: number; keyValueHeads: number; keyDim: number; valueDim: number },
  allowed: (t: number, s: number) => boolean,
): Rows {
  const weights = layer.getWeights().map((w) => w.arraySync());
  const [wq, bq, wk, bk, wv, bv, wo, bo] = weights as never as [
    Rows,
    number[],
    Rows,
    number[],
    Rows,
    number[],
    Rows,
    number[],
  ];
  const project = (x: Rows, w: Rows, b: number[]) =>
    x.map((row) => b.map((start, j) => row.reduce((sum, xi, i) => sum + xi * w[i]![j]!, start)));
  const q = project(query, wq, bq);
  const k = project(key, wk, bk);
  const v = project(value, wv, bv);
  const mixed = q.map((row, t) => {
    const out: number[] = [];
    for (let h = 0; h < sizes.heads; h++) {
      const shared = Math.floor((h * sizes.keyValueHeads) / sizes.heads);
      const scores = k.map((kRow, s) => {
        if (!allowed(t, s)) return 0;
        let dot = 0;
        for (let i = 0; i < sizes.keyDim; i++) {
          dot += row[h * sizes.keyDim + i]! * kRow[shared * sizes.keyDim + i]!;
        }
        return Math.exp(dot / Math.sqrt(sizes.keyDim));
      });
      const total = scores.reduce((a, b) => a + b, 0);
      for (let i = 0; i < sizes.valueDim; i++) {
        const at = shared * sizes.valueDim + i;
        out.push(v.reduce((sum, vRow, s) => sum + (scores[s]! / total) * vRow[at]!, 0));
      }
    }
    return out;
  });
  return project(mixed, wo, bo);
}

function expectRows(actual: Rows, expected: Rows): void {
  expected.flat().forEach((x, i) => {
    expect(actual.flat()[i]!).toBeCloseTo(x, 5);
  });
}

const asTensor = (rows: Rows) => tf.tensor3d([rows]);

beforeAll(async () => {
  await createEngine();
});

describe('MultiHeadAttention', () => {
  it.each([
    { heads: 2, keyValueHeads: 2, keyDim: 3, valueDim: 3 },
    { heads: 4, keyValueHeads: 2, keyDim: 3, valueDim: 5 },
    { heads: 4, keyValueHeads: 1, keyDim: 4, valueDim: 2 },
  ])('is what plain loops compute: %o', (sizes) => {
    tf.tidy(() => {
      const layer = multiHeadAttention({
        numHeads: sizes.heads,
        numKeyValueHeads: sizes.keyValueHeads,
        keyDim: sizes.keyDim,
        valueDim: sizes.valueDim,
        biasInitializer: 'randomNormal',
        seed: 1,
      });
      const query = randomRows(4, 6, 1);
      const value = randomRows(5, 7, 2);
      const key = randomRows(5, 8, 3);
      const output = layer.apply([asTensor(query), asTensor(value), asTensor(key)]) as tf.Tensor3D;
      const all = () => true;
      expectRows(output.arraySync()[0]!, reference(layer, { query, key, value }, sizes, all));

      const allowed = (t: number, s: number) => (t + 2 * s) % 3 !== 0;
      const attentionMask = tf.tensor2d(
        query.map((_, t) => key.map((_, s) => Number(allowed(t, s)))),
      );
      const valueMask = tf.tensor2d([[1, 1, 1, 0, 1]], [1, 5], 'int32');
      const masked = layer.apply([asTensor(query), asTensor(value), asTensor(key)], {
        attentionMask,
        valueMask,
      }) as tf.Tensor3D;
      const both = (t: number, s: number) => allowed(t, s) && s !== 3;
      expectRows(masked.arraySync()[0]!, reference(layer, { query, key, value }, sizes, both));
      layer.dispose();
    });
  });

  it('hides the future with useCausalMask, and shows what it attends to', () => {
    tf.tidy(() => {
      const layer = multiHeadAttention({
        numHeads: 2,
        keyDim: 3,
        useCausalMask: true,
        returnAttentionScores: true,
      });
      const x = randomRows(4, 6, 1);
      const [output, scores] = layer.apply(asTensor(x)) as [tf.Tensor3D, tf.Tensor4D];
      const sizes = { heads: 2, keyValueHeads: 2, keyDim: 3, valueDim: 3 };
      const past = (t: number, s: number) => s <= t;
      expectRows(
        output.arraySync()[0]!,
        reference(layer, { query: x, key: x, value: x }, sizes, past),
      );
      expect(scores.shape).toEqual([1, 2, 4, 4]);
      scores.arraySync()[0]!.forEach((head) => {
        head.forEach((row, t) => {
          expect(row.slice(t + 1).every((p) => p === 0)).toBe(true);
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        });
      });
      layer.dispose();
    });
  });

  it('starts all of its weights differently from one seed', () => {
    tf.tidy(() => {
      const layer = multiHeadAttention({ numHeads: 2, keyDim: 3, kernelInitializer: 'heNormal' });
      layer.apply(tf.zeros([1, 2, 6]));
      const [query, , key, , value] = layer.getWeights().map((w) => w.dataSync());
      expect(query).not.toEqual(key);
      expect(key).not.toEqual(value);
      layer.dispose();
    });
  });

  it('refuses what does not fit, with both numbers', () => {
    expect(() => multiHeadAttention({ numHeads: 4, numKeyValueHeads: 3, keyDim: 2 })).toThrow(
      'numKeyValueHeads 3 does not divide numHeads 4; use 1, 2 or 4.',
    );
    expect(() => multiHeadAttention({ numHeads: 0, keyDim: 2 })).toThrow(
      'multiHeadAttention: numHeads must be a positive integer, received 0.',
    );
    expect(() => multiHeadAttention({ numHeads: 2, keyDim: 2, dropout: 1 })).toThrow(/dropout/);
    const layer = multiHeadAttention({ numHeads: 2, keyDim: 2 });
    expect(() => layer.apply(tf.zeros([2, 3]))).toThrow(/\(batch, steps, width\)/);
    const attentionMask = tf.ones([2, 3, 4]);
    expect(() => layer.apply(tf.zeros([2, 3, 4]), { attentionMask })).toThrow(
      /attentionMask must have the shape \(2, 3, 3\).*received \(2, 3, 4\)/,
    );
  });
});
