import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { engineBackend } from '../../src/kernels/engineBackend.ts';
import { EncoderDecoder } from '../../src/models/encoderDecoder.ts';
import { expectNumbersClose } from '../support/tensors.ts';
import { stir } from './tinyDecoders.ts';
import { tinyEncoderDecoders } from './tinyEncoderDecoders.ts';

beforeAll(async () => {
  await createEngine();
});

/** Ids that every one of the vocabularies has. */
const sequence = (length: number, start: number) =>
  Array.from({ length }, (_, i) => (7 * i + 3 * start + (i % 3)) % 15);

/** The logits of the token after `ids`, by the whole forward pass. */
function logitsAfter(model: EncoderDecoder, source: readonly number[], ids: readonly number[]) {
  return tf.tidy(() => {
    const row = (values: readonly number[]) => tf.tensor2d([[...values]], undefined, 'int32');
    const isEmpty = source.length === 0;
    const batch = {
      inputIds: row(isEmpty ? [0] : source),
      attentionMask: isEmpty ? row([0]) : undefined,
      decoderInputIds: row(ids),
    };
    const context = { training: false, seeds: new SeedStream(0) };
    return model.forward(batch, context).logits.arraySync()[0]!.at(-1)!;
  });
}

const rowOf = (logits: Float32Array, row: number, V: number) =>
  logits.slice(row * V, (row + 1) * V);

describe.each(tinyEncoderDecoders)('decoding from sources: $name', ({ options }) => {
  it('gives what the whole forward pass gives, token by token', () => {
    using model = new EncoderDecoder(options, 1);
    stir(model, 2, 0.2);
    const source = sequence(9, 4);
    using cache = model.createCache([source]);
    const ids = sequence(24, 1);
    let logits = model.prefill([ids.slice(0, 3)], cache);
    for (let n = 3; n <= ids.length; n++) {
      expectNumbersClose(logits, logitsAfter(model, source, ids.slice(0, n)), 2e-5);
      if (n < ids.length) logits = model.step([ids[n]!], cache);
    }
  });

  it('serves sources and targets of any lengths, whose rows multiply and change places', () => {
    using model = new EncoderDecoder(options, 1);
    stir(model, 2, 0.2);
    const { decoderVocabSize: V } = model.config;
    const length = fc.integer({ min: 0, max: 8 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(length, length), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }),
        (lengths, order) => {
          const sources = lengths.map(([n], row) => sequence(n, row));
          let rows = lengths.map(([, n], row) => ({
            source: sources[row]!,
            ids: sequence(n + 1, row + 3),
          }));
          using cache = model.createCache(sources, { batchSize: 5, maxLength: 12 });
          model.prefill(
            rows.map(({ ids }) => ids),
            cache,
          );
          const indices = order.map((index) => index % rows.length);
          cache.reorder(indices);
          rows = indices.map((index, i) => ({
            source: rows[index]!.source,
            ids: [...rows[index]!.ids, i + 1],
          }));
          const logits = model.step(
            rows.map(({ ids }) => ids.at(-1)!),
            cache,
          );
          rows.forEach(({ source, ids }, row) => {
            expectNumbersClose(rowOf(logits, row, V), logitsAfter(model, source, ids), 2e-5);
          });
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('EncoderDecoder.createCache', () => {
  const { options } = tinyEncoderDecoders[0]!;

  it('refuses what does not fit', () => {
    using model = new EncoderDecoder(options, 1);
    using other = new EncoderDecoder(options, 2);
    const sources = [[1, 2], [3]];
    expect(() => model.createCache(sources, { batchSize: 1 })).toThrow(/2 sources and batchSize 1/);
    expect(() => model.createCache(sources, { maxLength: 25 })).toThrow(/maxLength 25 is more/);
    expect(() => model.createCache([sequence(25, 1)])).toThrow(/25 tokens/);
    expect(() => model.createCache([[17]])).toThrow(/17/);
    using cache = model.createCache(sources, { batchSize: 4, maxLength: 3 });
    expect(() => other.prefill([[1], [1]], cache)).toThrow(/cache of another model/);
    expect(() => model.prefill([[1]], cache)).toThrow(/1 prompts for 2 sources/);
    expect(() => model.step([1], cache)).toThrow(/EncoderDecoder\.step takes one token/);
    model.prefill([[1], [1]], cache);
    other.dispose();
    expect(() => other.createCache(sources)).toThrow(/disposed of before createCache/);
  });

  it('frees all it took, and sees weights that were changed', () => {
    using model = new EncoderDecoder(options, 1);
    const { heap } = engineBackend()!;
    const start = [tf.memory().numTensors, heap.usedBytes];
    for (let i = 0; i < 3; i++) {
      using cache = model.createCache([[1, 2, 3]]);
      const before = model.prefill([[2]], cache).slice();
      cache.truncate(0);
      stir(model, i + 1);
      const after = model.prefill([[2]], cache).slice();
      expect(after).not.toEqual(before);
    }
    expect([tf.memory().numTensors, heap.usedBytes]).toEqual(start);
  });
});
