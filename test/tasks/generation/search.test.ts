import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeedStream } from '../../../src/core/random.ts';
import { createEngine } from '../../../src/kernels/createEngine.ts';
import { Decoder } from '../../../src/models/decoder.ts';
import { decodingOf } from '../../../src/tasks/generation/decoding.ts';
import { generateTokens, rowsOf } from '../../../src/tasks/generation/generateTokens.ts';
import {
  type GenerationOptions,
  parseGeneration,
} from '../../../src/tasks/generation/generationOptions.ts';
import { SearchContext } from '../../../src/tasks/generation/searchContext.ts';

const V = 23;
const prompts = [[3, 7, 1], [5], [9, 9, 2, 4, 11, 20, 8]];

describe.each(['gpt2', 'llama'] as const)('searches with a %s', (type) => {
  let model: Decoder;
  beforeAll(async () => {
    await createEngine();
    const size = { hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 4, intermediateSize: 48 };
    // Wide weights, so that the likeliest token is not a matter of rounding.
    const options = { ...size, vocabSize: V, maxPositionEmbeddings: 16, initializerRange: 0.5 };
    model = new Decoder({ type, ...options }, 7);
    return () => model.dispose();
  });

  async function generate(rows: readonly number[][], options: GenerationOptions) {
    const context = new SearchContext(parseGeneration('test', options, {}, V), [], () => {});
    using cache = model.createCache({ batchSize: rowsOf(rows.length, context.options) });
    return await generateTokens(decodingOf(model, cache, V), rows, context);
  }

  /** The log-probabilities after a row of tokens, without a cache. */
  function next(ids: readonly number[]): Float32Array {
    return tf.tidy(() => {
      const inputIds = tf.tensor2d([...ids], [1, ids.length], 'int32');
      const { logits } = model.forward({ inputIds }, { training: false, seeds: new SeedStream(0) });
      return tf
        .logSoftmax(tf.reshape(tf.slice(logits, [0, ids.length - 1, 0], [1, 1, V]), [V]))
        .dataSync() as Float32Array;
    });
  }

  it('writes with the cache what it writes without', async () => {
    const found = await generate(prompts, { maxNewTokens: 9 });
    for (const [i, prompt] of prompts.entries()) {
      const ids = [...prompt];
      const { tokenIds, logProbs } = found[i]![0]!;
      for (const [t, id] of tokenIds.entries()) {
        const scores = next(ids);
        expect(scores.indexOf(Math.max(...scores))).toBe(id);
        expect(logProbs[t]).toBeCloseTo(scores[id]!, 4);
        ids.push(id);
      }
    }
  });

  it('forgets the older half of a full context', async () => {
    const [[{ tokenIds }]] = (await generate([[3, 7, 1]], { maxNewTokens: 40 })) as unknown as [
      [{ tokenIds: readonly number[] }],
    ];
    const ids = [3, 7, 1];
    let begin = 0;
    for (const id of tokenIds) {
      if (ids.length - begin > 16) begin += 8;
      const scores = next(ids.slice(begin));
      expect(scores.indexOf(Math.max(...scores))).toBe(id);
      ids.push(id);
    }
  });

  it.each<GenerationOptions>([
    {},
    { doSample: true, seed: 3, topK: 0 },
    { doSample: true, seed: 3, numReturnSequences: 3, temperature: 2 },
    { numBeams: 3 },
    { numBeams: 4, numReturnSequences: 4, earlyStopping: true, eosTokenId: [4, 6] },
    { numBeams: 3, doSample: true, seed: 8, eosTokenId: 4 },
    { numBeams: 2, maxNewTokens: 30 },
  ])('writes alone what it writes among others: %o', async (options) => {
    const given = { maxNewTokens: 12, ...options };
    const alone = [];
    for (const prompt of prompts) alone.push(...(await generate([prompt], given)));
    const together = await generate(prompts, given);
    const ids = (all: typeof together) => all.map((one) => one.map(({ tokenIds }) => tokenIds));
    expect(ids(together)).toEqual(ids(alone));
  });

  it('finds the likeliest text of all, where beams are as many as there are ways', async () => {
    const [found] = await generate([[3]], { maxNewTokens: 2, numBeams: V, numReturnSequences: 1 });
    let best = -Infinity;
    const first = next([3]);
    for (let a = 0; a < V; a++) {
      const second = next([3, a]);
      best = Math.max(best, first[a]! + Math.max(...second));
    }
    expect(found![0]!.score * 2).toBeCloseTo(best, 4);
  });

  it('does not end before minNewTokens', async () => {
    const everything = Array.from({ length: V - 1 }, (_, id) => id);
    const [[sequence]] = (await generate([[3]], {
      eosTokenId: everything,
      minNewTokens: 5,
      maxNewTokens: 12,
    })) as unknown as [[{ tokenIds: readonly number[] }]];
    expect(sequence.tokenIds.slice(0, 5)).toEqual(Array(5).fill(V - 1));
  });
});
