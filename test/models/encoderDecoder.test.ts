import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { SeedStream } from '../../src/core/random.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { causalLanguageModelLoss, nextTokens } from '../../src/models/causalLanguageModelLoss.ts';
import { EncoderDecoder } from '../../src/models/encoderDecoder.ts';
import { expectNumbersClose } from '../support/tensors.ts';
import { randomIds, stir } from './tinyDecoders.ts';
import { tinyEncoderDecoders } from './tinyEncoderDecoders.ts';

const inference = () => ({ training: false, seeds: new SeedStream(0) });
/** Ids that every one of the vocabularies has. */
const SAFE = 15;

const batchOf = (B: number, S: number, T: number) => ({
  inputIds: randomIds(B, S, 1, SAFE),
  decoderInputIds: randomIds(B, T, 2, SAFE),
});

beforeAll(async () => {
  await createEngine();
});

describe.each(tinyEncoderDecoders)('EncoderDecoder: $name', ({ options }) => {
  it('gives scores of every token at every place, whatever their number', () => {
    using model = new EncoderDecoder(options, 1);
    const { decoderVocabSize: V, hiddenSize: D } = model.config;
    const size = fc.integer({ min: 1, max: 24 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), size, size, (B, S, T) => {
        const shapes = tf.tidy(() => {
          const output = model.forward(batchOf(B, S, T), inference());
          return [output.logits.shape, output.encoderLastHiddenState.shape];
        });
        expect(shapes).toEqual([
          [B, T, V],
          [B, S, D],
        ]);
      }),
      { numRuns: 20 },
    );
  });

  it('sees neither what comes later in the target, nor padding of the source', () => {
    using model = new EncoderDecoder(options, 1);
    stir(model, 2);
    tf.tidy(() => {
      const row = (values: number[]) => tf.tensor2d([values], undefined, 'int32');
      const run = (source: number[], target: number[], mask?: number[]) =>
        model
          .forward(
            {
              inputIds: row(source),
              attentionMask: mask && row(mask),
              decoderInputIds: row(target),
            },
            inference(),
          )
          .logits.arraySync()[0]!;
      const alone = run([3, 4, 5], [6, 7]).flat();
      expectNumbersClose(run([3, 4, 5], [6, 7, 9, 1]).slice(0, 2).flat(), alone, 1e-5);
      expectNumbersClose(run([3, 4, 5, 8, 2], [6, 7], [1, 1, 1, 0, 0]).flat(), alone, 1e-5);
      expect(run([3, 4, 8], [6, 7]).flat()).not.toEqual(alone);
    });
  });

  it('trains its variables, with gradients that agree with finite differences', () => {
    // Smooth: a difference across the corner of a relu is no slope.
    const smooth = { hiddenAct: 'gelu' as const, ...options, dropout: 0.2, activationDropout: 0.1 };
    using model = new EncoderDecoder(smooth, 1);
    stir(model, 5);
    const batch = batchOf(2, 7, 6);
    const attentionMask = tf.tensor2d([1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1], [2, 7], 'int32');
    const targets = nextTokens(batch.decoderInputIds);
    const loss = () => {
      const context = { training: true, seeds: new SeedStream(3) };
      const { logits } = model.forward({ ...batch, attentionMask }, context);
      return causalLanguageModelLoss(logits, targets, 0.1).loss;
    };
    const trained = [...model.variables].filter(([, variable]) => variable.trainable);
    const { value, grads } = tf.variableGrads(
      loss,
      trained.map(([, variable]) => variable),
    );
    for (const [name, variable] of trained) {
      const slopes = grads[variable.name]!.dataSync() as Float32Array;
      const values = variable.dataSync().slice();
      // The steepest element: most rows of an embedding do not occur in the batch.
      const i = slopes.reduce(
        (best, s, j) => (Math.abs(s) > Math.abs(slopes[best]!) ? j : best),
        0,
      );
      const at = (change: number) =>
        tf.tidy(() => {
          const moved = Float32Array.from(values).with(i, values[i]! + change);
          variable.assign(tf.tensor(moved, variable.shape));
          return loss().dataSync()[0]!;
        });
      const step = 4e-3;
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      at(0);
      // A key's bias moves all scores of a query alike, so it has no slope.
      if (!/k_proj\.bias/.test(name)) expect(Math.abs(slopes[i]!), name).toBeGreaterThan(1e-3);
      expect(Math.abs(slopes[i]! - slope), name).toBeLessThan(0.01 * (1 + Math.abs(slope)));
    }
    tf.dispose([value, grads, targets, attentionMask]);
    tf.dispose(batch);
  });

  it('has the same value and gradients with gradientCheckpointing, bit for bit', () => {
    using model = new EncoderDecoder(options, 1);
    stir(model, 2);
    const variables = [...model.variables.values()].filter(({ trainable }) => trainable);
    const batch = batchOf(3, 7, 5);
    const differentiate = (gradientCheckpointing: boolean) =>
      tf.tidy(() => {
        const context = { training: true, seeds: new SeedStream(3), gradientCheckpointing };
        const { result, tape } = recordTape(() =>
          tf.sum(tf.square(model.forward(batch, context).logits)),
        );
        const gradients = backpropagate(tape, [[result, tf.scalar(1)]], variables);
        return [result, ...gradients].map((x) => x && Array.from(x.dataSync()));
      });
    const { numTensors } = tf.memory();
    const plain = differentiate(false);
    expect(differentiate(true)).toEqual(plain);
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose(batch);
  });

  it('comes back from its saved tensors, of a bare model too, and frees all it took', () => {
    const start = tf.memory().numTensors;
    const [model, other] = [new EncoderDecoder(options, 1), new EncoderDecoder(options, 2)];
    stir(model, 3);
    const saved = model.toSafetensors();
    expect([...saved.keys()]).toEqual([...model.variables.keys()]);
    const bare = new Map([...saved].map(([name, x]) => [name.replace(/^model\./, ''), x]));
    const batch = batchOf(2, 4, 3);
    const logits = (x: EncoderDecoder) =>
      tf.tidy(() => x.forward(batch, inference()).logits.dataSync());
    for (const tensors of [saved, bare]) {
      other.loadSafetensors(tensors);
      expect(logits(other)).toEqual(logits(model));
    }
    bare.delete('encoder.layers.0.fc1.weight');
    expect(() => other.loadSafetensors(bare)).toThrow(/missing model\.encoder\.layers\.0\.fc1/);
    model.dispose();
    other.dispose();
    tf.dispose(batch);
    expect(tf.memory().numTensors).toBe(start);
  });
});

describe('EncoderDecoder', () => {
  const [bart, marian] = [tinyEncoderDecoders[0]!.options, tinyEncoderDecoders[1]!.options];

  it('takes one of several copies of shared weights, and leaves a missing constant at zero', () => {
    using model = new EncoderDecoder(bart, 1);
    using other = new EncoderDecoder(bart, 2);
    const saved = model.toSafetensors();
    const words = saved.get('model.shared.weight')!;
    for (const copy of ['model.encoder.embed_tokens.weight', 'lm_head.weight']) {
      const tensors = new Map(saved);
      tensors.delete('model.shared.weight');
      tensors.delete('final_logits_bias');
      tensors.set(copy, words).set('model.decoder.embed_tokens.weight', words);
      other.loadSafetensors(tensors);
      for (const [name, tensor] of other.toSafetensors()) expect(tensor).toEqual(saved.get(name));
    }
  });

  it("has Marian's waves: sines in the first half, cosines in the second", () => {
    using model = new EncoderDecoder(marian, 1);
    const names = [...model.variables.keys()];
    expect(names.filter((name) => name.includes('embed_positions'))).toEqual([]);
    expect(model.variables.get('final_logits_bias')!.trainable).toBe(false);
    const table = new Map(model.toSafetensors());
    // Older files have the waves as well.
    table.set('model.encoder.embed_positions.weight', table.get('model.shared.weight')!);
    expect(() => model.loadSafetensors(table)).not.toThrow();
  });

  it.each([
    [{ inputIds: () => tf.zeros([2, 25], 'int32') }, /25 tokens .* maxPositionEmbeddings 24/],
    [{ decoderInputIds: () => tf.zeros([2, 25], 'int32') }, /25 tokens .* maxPositionEmbeddings/],
    [{ decoderInputIds: () => tf.zeros([2, 3]) }, /decoderInputIds must be int32 .*float32/],
    [{ decoderInputIds: () => tf.zeros([1, 3], 'int32') }, /has 1 rows and inputIds 2/],
    [{ inputIds: () => tf.fill([2, 2], 17, 'int32') }, /17/],
    [{ attentionMask: () => tf.ones([2, 4], 'int32') }, /attentionMask .*\(2, 3\).*\(2, 4\)/],
  ])('refuses a batch that does not fit %#', (change, pattern) => {
    using model = new EncoderDecoder(bart, 1);
    tf.tidy(() => {
      const made = Object.entries(change).map(([name, make]) => [name, make()]);
      const zeros = () => tf.zeros<tf.Rank.R2>([2, 3], 'int32');
      const batch = { inputIds: zeros(), decoderInputIds: zeros(), ...Object.fromEntries(made) };
      expect(() => model.forward(batch, inference())).toThrow(pattern);
      expect(() => model.forward(batch, inference())).toThrow(AnyformerError);
    });
  });
});
