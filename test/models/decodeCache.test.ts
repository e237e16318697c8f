import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { SeedStream } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { engineBackend } from '../../src/kernels/engineBackend.ts';
import type { DecodeCache } from '../../src/models/decodeCache.ts';
import { Decoder } from '../../src/models/decoder.ts';
import { expectNumbersClose } from '../support/tensors.ts';
import { stir, tinyDecoders } from './tinyDecoders.ts';

const VOCABULARY = 17;

beforeAll(async () => {
  await createEngine();
});

/** The logits of the token after `ids`, by the whole forward pass. */
function logitsAfter(decoder: Decoder, ids: readonly number[]): number[] {
  return tf.tidy(() => {
    const inputIds = tf.tensor2d([[...ids]], undefined, 'int32');
    const context = { training: false, seeds: new SeedStream(0) };
    return decoder.forward({ inputIds }, context).logits.arraySync()[0]!.at(-1)!;
  });
}

const sequence = (length: number, start: number) =>
  Array.from({ length }, (_, i) => (7 * i + 3 * start + (i % 3)) % VOCABULARY);

const rowOf = (logits: Float32Array, row: number) =>
  logits.slice(row * VOCABULARY, (row + 1) * VOCABULARY);

describe.each(tinyDecoders)('decoding: $name', ({ options }) => {
  it('gives what the whole forward pass gives, token by token', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    using cache = decoder.createCache();
    const ids = sequence(24, 1);
    let logits = decoder.prefill([ids.slice(0, 3)], cache);
    for (let n = 3; n <= ids.length; n++) {
      expectNumbersClose(logits, logitsAfter(decoder, ids.slice(0, n)), 1e-5);
      if (n < ids.length) logits = decoder.step([ids[n]!], cache);
    }
  });

  it('serves rows of different lengths, each as if it were alone', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 4 }),
        (lengths, steps) => {
          using cache = decoder.createCache({ batchSize: 5 });
          using single = decoder.createCache();
          const rows = lengths.map((n, row) => sequence(n + steps, row));
          const prompts = lengths.map((n, row) => rows[row]!.slice(0, n));
          let logits = decoder.prefill(prompts, cache);
          for (let i = 0; i < steps; i++) {
            logits = decoder.step(
              lengths.map((n, row) => rows[row]![n + i]!),
              cache,
            );
          }
          rows.forEach((ids, row) => {
            expectNumbersClose(rowOf(logits, row), logitsAfter(decoder, ids), 1e-5);
            // Batched and single are the same bits.
            single.truncate(0);
            let alone = decoder.prefill([prompts[row]!], single);
            for (const id of ids.slice(lengths[row])) alone = decoder.step([id], single);
            expect(rowOf(logits, row)).toEqual(alone.slice());
          });
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('Decoder.prefill', () => {
  const options = { ...tinyDecoders[3]!.options, maxPositionEmbeddings: 300 };

  it('takes prompts longer than what is worked on at once, and continues rows', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    using cache = decoder.createCache({ batchSize: 3 });
    const rows = [sequence(290, 0), sequence(1, 1), sequence(140, 2)];
    const logits = decoder.prefill(rows, cache).slice();
    rows.forEach((ids, row) => {
      expectNumbersClose(rowOf(logits, row), logitsAfter(decoder, ids), 1e-5);
    });
    expect(cache.lengths).toEqual([290, 1, 140]);
    const more = [[4, 5], sequence(150, 4), [6]];
    const next = decoder.prefill(more, cache);
    rows.forEach((ids, row) => {
      expectNumbersClose(rowOf(next, row), logitsAfter(decoder, [...ids, ...more[row]!]), 1e-5);
    });
  });

  it('takes typed arrays', () => {
    using decoder = new Decoder(options, 1);
    using cache = decoder.createCache();
    const ids = sequence(5, 1);
    const first = decoder.prefill([ids], cache).slice();
    cache.truncate(0);
    expect(decoder.prefill([Int32Array.from(ids)], cache).slice()).toEqual(first);
  });
});

describe('DecodeCache', () => {
  const options = tinyDecoders[0]!.options;

  /** A cache that holds these rows. */
  function filled(decoder: Decoder, rows: readonly (readonly number[])[], batchSize = rows.length) {
    const cache = decoder.createCache({ batchSize });
    decoder.prefill(rows, cache);
    return cache;
  }

  /** That a cache's rows hold these tokens, told by what comes after one more. */
  function expectRows(decoder: Decoder, cache: DecodeCache, rows: readonly (readonly number[])[]) {
    expect(cache.lengths).toEqual(rows.map((ids) => ids.length));
    const next = rows.map((_, row) => row + 1);
    const logits = decoder.step(next, cache);
    rows.forEach((ids, row) => {
      expectNumbersClose(rowOf(logits, row), logitsAfter(decoder, [...ids, next[row]!]), 1e-5);
    });
  }

  it('reorders rows: permuted, repeated, fewer and more', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.integer({ min: 1, max: 5 }),
        (orders, count) => {
          let rows = Array.from({ length: count }, (_, row) => sequence(2 + row, row));
          using cache = filled(decoder, rows, 5);
          for (const order of orders) {
            const indices = order.map((index) => index % rows.length);
            cache.reorder(indices);
            rows = indices.map((index) => rows[index]!);
            expectRows(decoder, cache, rows);
            rows = rows.map((ids, row) => [...ids, row + 1]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('truncates rows to a length, and to nothing', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    const rows = [sequence(9, 0), sequence(3, 1)];
    using cache = filled(decoder, rows);
    cache.truncate(5);
    expectRows(decoder, cache, [rows[0]!.slice(0, 5), rows[1]!]);
    cache.truncate(0);
    expect(cache.lengths).toEqual([]);
    decoder.prefill([rows[1]!], cache);
    expectRows(decoder, cache, [rows[1]!]);
  });

  it('sees weights that have changed', () => {
    using decoder = new Decoder(options, 1);
    using cache = filled(decoder, [[1, 2]]);
    stir(decoder, 3);
    cache.truncate(0);
    expectNumbersClose(decoder.prefill([[1, 2]], cache), logitsAfter(decoder, [1, 2]), 1e-5);
  });

  it('allocates nothing per token, and gives back what it took', () => {
    using decoder = new Decoder(options, 1);
    const tensors = tf.memory();
    const { heap } = engineBackend()!;
    const [malloc, free] = [vi.spyOn(heap, 'malloc'), vi.spyOn(heap, 'free')];
    try {
      const cache = filled(decoder, [[1], [2], [3]]);
      const taken = malloc.mock.calls.length;
      const logits = decoder.step([4, 5, 6], cache);
      for (let i = 0; i < 1000; i++) {
        if (i % 20 === 0) cache.truncate(1);
        expect(decoder.step([i % 17, 5, 6], cache)).toBe(logits);
      }
      expect(malloc.mock.calls.length).toBe(taken);
      cache.dispose();
      const blocks = malloc.mock.results.map(({ value }) => value);
      expect(free.mock.calls.map(([block]) => block)).toEqual(blocks);
      expect(tf.memory()).toEqual(tensors);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('refuses what does not fit, and stays as it was', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    using other = new Decoder(options, 2);
    const rows = [sequence(23, 0), sequence(4, 1)];
    using cache = filled(decoder, rows, 3);
    const refused: [() => unknown, RegExp][] = [
      [() => decoder.step([1], cache), /one token for each of the 2 rows .* received 1/],
      [() => decoder.step([1, 17], cache), /Row 1 has the token 17; .* from 0 to 16/],
      [() => decoder.step([1.5, 2], cache), /Row 0 has the token 1.5/],
      [() => decoder.step([-1, 2], cache), /Row 0 has the token -1/],
      [() => decoder.prefill([[1]], cache), /1 prompts for the 2 rows/],
      [() => decoder.prefill([[1], []], cache), /prompt 1 is empty/],
      [() => decoder.prefill([[1], [99]], cache), /Row 1 has the token 99/],
      [() => decoder.prefill([[1, 2], [1]], cache), /Row 0 holds 23 tokens and 2 more .* 24/],
      [() => decoder.prefill([[1], [1], [1], [1]], cache), /4 prompts; .* batchSize is 3/],
      [() => decoder.prefill([], cache), /0 prompts/],
      [() => other.step([1, 2], cache), /cache of another decoder/],
      [() => cache.reorder([0, 2]), /index 2 is no row; there are 2/],
      [() => cache.reorder([0, 0, 1, 1]), /4 indices; its batchSize is 3/],
      [() => cache.truncate(-1), /truncate takes a non-negative integer, received -1/],
      [() => decoder.createCache({ maxLength: 25 }), /maxLength 25 is more than .* 24/],
      [() => decoder.createCache({ batchSize: 0 }), /batchSize must be a positive integer/],
      [() => decoder.createCache({ length: 3 } as object), /unknown option 'length'/],
    ];
    for (const [act, message] of refused) {
      expect(act).toThrow(message);
      expect(act).toThrow(AnyformerError);
    }
    expectRows(decoder, cache, rows);
    expect(() => decoder.step([1, 2], cache)).toThrow(/Row 0 holds 24 tokens and 1 more/);
    using empty = decoder.createCache();
    expect(() => decoder.step([], empty)).toThrow(/call prefill first/);
  });

  it('is of no use after dispose, its own or its decoder’s', () => {
    const decoder = new Decoder(options, 1);
    const cache = filled(decoder, [[1]]);
    const second = filled(decoder, [[1]]);
    cache.dispose();
    cache.dispose();
    for (const act of [
      () => decoder.step([1], cache),
      () => decoder.prefill([[1]], cache),
      () => cache.reorder([0]),
      () => cache.truncate(1),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    }
    decoder.dispose();
    expect(() => decoder.step([1], second)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    expect(() => decoder.createCache()).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    second.dispose();
  });
});
