import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { Random, SeedStream } from '../../src/core/random.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { Encoder } from '../../src/models/encoder.ts';
import type { EncoderOptions } from '../../src/models/encoderConfig.ts';

const small = {
  vocabSize: 17,
  hiddenSize: 8,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 12,
  maxPositionEmbeddings: 10,
} as const;

const variants: (EncoderOptions & { name: string })[] = [
  { name: 'transformer', ...small },
  { name: 'transformer, normalized first', ...small, normalizeFirst: true, hiddenAct: 'gelu' },
  { name: 'transformer, first token, segments', ...small, pooling: 'cls', typeVocabSize: 2 },
  { name: 'transformer, maximum', ...small, pooling: 'max' },
  { name: 'bert', ...small, type: 'bert' },
  { name: 'bert, mean', ...small, type: 'bert', pooling: 'mean' },
];

const inference = () => ({ training: false, seeds: new SeedStream(0) });

function randomIds(batch: number, steps: number, seed: number): tf.Tensor2D {
  const random = new Random(seed);
  const ids = Int32Array.from({ length: batch * steps }, () => random.below(small.vocabSize));
  return tf.tensor2d(ids, [batch, steps], 'int32');
}

function withoutName({ name: _, ...options }: EncoderOptions & { name: string }): EncoderOptions {
  return options;
}

beforeAll(async () => {
  await createEngine();
});

describe.each(variants)('Encoder: $name', (variant) => {
  const options = withoutName(variant);

  it('gives a vector for each token and for each sequence, whatever their number', () => {
    using encoder = new Encoder(options, 1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10 }), (B, T) => {
        const shapes = tf.tidy(() => {
          const output = encoder.forward(
            { inputIds: randomIds(B, T, 1) },
            { ...inference(), outputHiddenStates: true, outputAttentions: true },
          );
          return [
            output.lastHiddenState.shape,
            output.pooled.shape,
            output.hiddenStates!.map((x) => x.shape),
            output.attentions!.map((x) => x.shape),
          ];
        });
        expect(shapes).toEqual([
          [B, T, 8],
          [B, 8],
          Array(3).fill([B, T, 8]),
          Array(2).fill([B, 2, T, T]),
        ]);
      }),
      { numRuns: 20 },
    );
  });

  it('starts from the seed and is the same every time', () => {
    const [a, b, c] = [new Encoder(options, 7), new Encoder(options, 7), new Encoder(options, 8)];
    const pooled = (encoder: Encoder) =>
      tf.tidy(() =>
        encoder.forward({ inputIds: randomIds(2, 6, 1) }, inference()).pooled.dataSync(),
      );
    expect(pooled(b)).toEqual(pooled(a));
    expect(pooled(c)).not.toEqual(pooled(a));
    for (const encoder of [a, b, c]) encoder.dispose();
  });

  it('does not see padding', () => {
    using encoder = new Encoder(options, 1);
    tf.tidy(() => {
      const run = (row: number[], mask: number[]) =>
        encoder
          .forward(
            {
              inputIds: tf.tensor2d([row], undefined, 'int32'),
              attentionMask: tf.tensor2d([mask], undefined, 'int32'),
            },
            inference(),
          )
          .pooled.dataSync();
      const alone = run([3, 4, 5], [1, 1, 1]);
      const padded = run([3, 4, 5, 0, 9], [1, 1, 1, 0, 0]);
      alone.forEach((value, i) => {
        expect(padded[i]!).toBeCloseTo(value, 5);
      });
      expect(run([3, 4, 5, 0, 9], [1, 1, 1, 0, 1])).not.toEqual(padded);
    });
  });

  it('trains all of its variables, with gradients that agree with finite differences', () => {
    using encoder = new Encoder({ ...options, dropout: 0.2, hiddenAct: 'gelu' }, 1);
    const inputIds = randomIds(2, 6, 1);
    const tokenTypeIds =
      encoder.config.typeVocabSize > 0
        ? tf.tensor2d([0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1], [2, 6], 'int32')
        : undefined;
    const factors = tf.randomNormal([2, 8], 0, 1, 'float32', 1);
    const loss = () => {
      const context = { training: true, seeds: new SeedStream(3) };
      const { pooled } = encoder.forward({ inputIds, tokenTypeIds }, context);
      return tf.sum(tf.mul(pooled, factors)) as tf.Scalar;
    };
    // Away from the start, whose small weights leave small slopes and a sharp first norm.
    const random = new Random(5);
    for (const variable of encoder.variables.values()) {
      const values = variable.dataSync().map((x) => x + 0.4 * random.normal());
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
    const { value, grads } = tf.variableGrads(loss, [...encoder.variables.values()]);
    for (const [name, variable] of encoder.variables) {
      const slopes = grads[variable.name]!.dataSync() as Float32Array;
      const values = variable.dataSync().slice();
      // The steepest element: most rows of an embedding do not occur in the batch.
      const i = slopes.reduce(
        (best, s, at) => (Math.abs(s) > Math.abs(slopes[best]!) ? at : best),
        0,
      );
      const at = (change: number) =>
        tf.tidy(() => {
          const moved = Float32Array.from(values).with(i, values[i]! + change);
          variable.assign(tf.tensor(moved, variable.shape));
          return loss().dataSync()[0]!;
        });
      // Within a wider step another place may become the largest: a bend, where slopes differ.
      const step = options.pooling === 'max' ? 3e-4 : 1e-2;
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      at(0);
      // A key's bias moves all scores of a query alike, so it has no slope at all.
      if (!/key\.bias/.test(name)) expect(Math.abs(slopes[i]!), name).toBeGreaterThan(1e-3);
      expect(Math.abs(slopes[i]! - slope), name).toBeLessThan(0.01 * (1 + Math.abs(slope)));
    }
    tf.dispose([value, grads, inputIds, factors]);
    tokenTypeIds?.dispose();
  });

  it('has the same value and gradients with gradientCheckpointing, bit for bit', () => {
    using encoder = new Encoder({ ...options, dropout: 0.2, hiddenAct: 'gelu' }, 1);
    const variables = [...encoder.variables.values()];
    const inputIds = randomIds(3, 7, 1);
    const attentionMask = tf.tensor2d(
      Array.from({ length: 21 }, (_, i) => Number(i % 4 < 3)),
      [3, 7],
    );
    const differentiate = (gradientCheckpointing: boolean) =>
      tf.tidy(() => {
        const seeds = new SeedStream(3);
        const { result, tape } = recordTape(() => {
          const context = { training: true, seeds, gradientCheckpointing, outputAttentions: true };
          const { pooled, attentions } = encoder.forward({ inputIds, attentionMask }, context);
          return [tf.sum(tf.square(pooled)), attentions![0]!, attentions![1]!];
        });
        const gradients = backpropagate(tape, [[result[0]!, tf.scalar(1)]], variables);
        return [...result, ...gradients].map((x) => x && Array.from(x.dataSync()));
      });
    const { numTensors, numDataBuffers } = tf.memory();
    const plain = differentiate(false);
    expect(differentiate(true)).toEqual(plain);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    tf.dispose([inputIds, attentionMask]);
  });

  it.each([7, small.maxPositionEmbeddings])(
    'has the same value and gradients without a mask as with one of ones, bit for bit: %i steps',
    (steps) => {
      using encoder = new Encoder({ ...options, dropout: 0.2 }, 1);
      const variables = [...encoder.variables.values()];
      const inputIds = randomIds(3, steps, 1);
      const differentiate = (attentionMask: tf.Tensor2D | undefined) =>
        tf.tidy(() => {
          const { result, tape } = recordTape(() => {
            const context = { training: true, seeds: new SeedStream(3) };
            return [
              tf.sum(tf.square(encoder.forward({ inputIds, attentionMask }, context).pooled)),
            ];
          });
          const gradients = backpropagate(tape, [[result[0]!, tf.scalar(1)]], variables);
          return [...result, ...gradients].map((x) => x && Array.from(x.dataSync()));
        });
      const ones = tf.ones([3, steps], 'int32') as tf.Tensor2D;
      const { numTensors, numDataBuffers } = tf.memory();
      expect(differentiate(undefined)).toEqual(differentiate(ones));
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
      tf.dispose([inputIds, ones]);
    },
  );

  it('comes back from its saved tensors, kernels turned to [out, in]', () => {
    using encoder = new Encoder(options, 1);
    using other = new Encoder(options, 2);
    const prefix = encoder.config.type;
    const saved = encoder.toSafetensors();
    expect([...saved.keys()]).toEqual([...encoder.variables.keys()]);
    expect(saved.get(`${prefix}.encoder.layer.0.intermediate.dense.weight`)!.shape).toEqual([
      12, 8,
    ]);
    expect(saved.get(`${prefix}.embeddings.word_embeddings.weight`)!.shape).toEqual([17, 8]);
    other.loadSafetensors(saved);
    const ids = randomIds(2, 6, 1);
    const pooled = (e: Encoder) =>
      tf.tidy(() => e.forward({ inputIds: ids }, inference()).pooled.dataSync());
    expect(pooled(other)).toEqual(pooled(encoder));
    ids.dispose();
  });

  it('frees all it took', () => {
    const start = tf.memory().numTensors;
    const encoder = new Encoder(options, 1);
    const ids = randomIds(2, 6, 1);
    for (const training of [false, true]) {
      const output = encoder.forward({ inputIds: ids }, { training, seeds: new SeedStream(1) });
      tf.dispose(output);
    }
    encoder.loadSafetensors(encoder.toSafetensors());
    encoder.dispose();
    ids.dispose();
    expect(tf.memory().numTensors).toBe(start);
  });
});

describe('Encoder', () => {
  it('starts as its family does', () => {
    using keras = new Encoder({ ...small, hiddenSize: 64, vocabSize: 500 }, 1);
    using bert = new Encoder({ ...small, hiddenSize: 64, vocabSize: 500, type: 'bert' }, 1);
    const values = (encoder: Encoder, name: string) =>
      [...encoder.variables.get(`${encoder.config.type}.${name}`)!.dataSync()] as number[];
    const deviation = (x: number[]) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    const kernel = 'encoder.layer.0.attention.self.query.weight';
    const words = 'embeddings.word_embeddings.weight';
    // Uniform from -a to a has the deviation a / sqrt(3).
    expect(deviation(values(keras, kernel))).toBeCloseTo(Math.sqrt(6 / 128) / Math.sqrt(3), 2);
    expect(Math.max(...values(keras, words).map(Math.abs))).toBeLessThanOrEqual(0.05);
    expect(deviation(values(bert, kernel))).toBeCloseTo(0.02, 3);
    expect(deviation(values(bert, words))).toBeCloseTo(0.02, 3);
    expect(values(bert, words).slice(0, 64)).toEqual(Array(64).fill(0));
    expect(values(bert, 'embeddings.LayerNorm.weight')).toEqual(Array(64).fill(1));
    expect(values(bert, kernel)).not.toEqual(
      values(bert, 'encoder.layer.0.attention.self.key.weight'),
    );
    using told = new Encoder(
      { ...small, hiddenSize: 64, vocabSize: 500, initializerRange: 0.1 },
      1,
    );
    expect(deviation(values(told, kernel))).toBeCloseTo(0.1, 2);
    expect(deviation(values(told, words))).toBeCloseTo(0.1, 2);
  });

  it('draws its dropout from the seeds', () => {
    using encoder = new Encoder({ ...small, dropout: 0.3 }, 1);
    const ids = randomIds(2, 6, 1);
    const run = (training: boolean, seed: number) =>
      tf.tidy(() =>
        encoder
          .forward({ inputIds: ids }, { training, seeds: new SeedStream(seed) })
          .pooled.dataSync(),
      );
    expect(run(true, 1)).toEqual(run(true, 1));
    expect(run(true, 1)).not.toEqual(run(true, 2));
    expect(run(false, 1)).toEqual(run(false, 2));
    ids.dispose();
  });

  it('refuses a file that does not fit, names what is wrong, and stays as it was', () => {
    using encoder = new Encoder(small, 1);
    using wider = new Encoder({ ...small, intermediateSize: 16 }, 2);
    const before = encoder.variables.get('transformer.embeddings.word_embeddings.weight')!;
    const values = before.dataSync().slice();
    const message = (change: (tensors: ReturnType<Encoder['toSafetensors']>) => void): string => {
      const tensors = wider.toSafetensors();
      change(tensors);
      try {
        encoder.loadSafetensors(tensors, 'other.safetensors');
      } catch (error) {
        expect((error as AnyformerError).code).toBe('INVALID_FILE');
        return (error as Error).message;
      }
      return expect.fail('it was loaded');
    };
    const text = message((tensors) => {
      tensors.delete('transformer.embeddings.word_embeddings.weight');
      tensors.set('extra', tensors.values().next().value!);
    });
    expect(text).toContain('other.safetensors does not fit the model');
    expect(text).toContain('is missing transformer.embeddings.word_embeddings.weight');
    expect(text).toContain('unexpected extra');
    expect(text).toContain('intermediate.dense.weight is [16, 8] and must be [12, 8]');
    expect(before.dataSync()).toEqual(values);
  });

  it.each([
    [{ inputIds: () => tf.zeros([2, 11], 'int32') }, /11 tokens .* maxPositionEmbeddings 10/],
    [{ inputIds: () => tf.zeros([2, 3]) }, /int32 of shape \(batch, steps\), received float32/],
    [{ inputIds: () => tf.fill([1, 2], 17, 'int32') }, /17/],
    [{ attentionMask: () => tf.ones([2, 4], 'int32') }, /attentionMask .*\(2, 3\).*\(2, 4\)/],
    [{ tokenTypeIds: () => tf.zeros([2, 3], 'int32') }, /typeVocabSize 0/],
  ])('refuses a batch that does not fit %#', (change, pattern) => {
    using encoder = new Encoder(small, 1);
    tf.tidy(() => {
      const made = Object.entries(change).map(([name, make]) => [name, make()]);
      const batch = { inputIds: tf.zeros([2, 3], 'int32'), ...Object.fromEntries(made) };
      expect(() => encoder.forward(batch, inference())).toThrow(pattern);
      expect(() => encoder.forward(batch, inference())).toThrow(AnyformerError);
    });
  });
});
