import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { SeedStream } from '../../src/core/random.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { causalLanguageModelLoss, nextTokens } from '../../src/models/causalLanguageModelLoss.ts';
import { Decoder } from '../../src/models/decoder.ts';
import { expectNumbersClose } from '../support/tensors.ts';
import { randomIds, stir, tinyDecoders } from './tinyDecoders.ts';

const inference = () => ({ training: false, seeds: new SeedStream(0) });

beforeAll(async () => {
  await createEngine();
});

describe.each(tinyDecoders)('Decoder: $name', ({ options }) => {
  it('gives scores of every token at every place, whatever their number', () => {
    using decoder = new Decoder(options, 1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 24 }), (B, T) => {
        const shapes = tf.tidy(() => {
          const output = decoder.forward(
            { inputIds: randomIds(B, T, 1) },
            { ...inference(), outputHiddenStates: true },
          );
          return [output.logits.shape, output.hiddenStates!.map((x) => x.shape)];
        });
        expect(shapes).toEqual([[B, T, 17], Array(3).fill([B, T, 12])]);
      }),
      { numRuns: 20 },
    );
  });

  it('starts from the seed and is the same every time', () => {
    const [a, b, c] = [new Decoder(options, 7), new Decoder(options, 7), new Decoder(options, 8)];
    const logits = (decoder: Decoder) =>
      tf.tidy(() =>
        decoder.forward({ inputIds: randomIds(2, 6, 1) }, inference()).logits.dataSync(),
      );
    expect(logits(b)).toEqual(logits(a));
    expect(logits(c)).not.toEqual(logits(a));
    for (const decoder of [a, b, c]) decoder.dispose();
  });

  it('sees nothing of what comes later, nor of padding at its places', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    tf.tidy(() => {
      const run = (ids: number[], rest: { mask?: number[]; positions?: number[] } = {}) => {
        const row = (values?: number[]) => values && tf.tensor2d([values], undefined, 'int32');
        const batch = {
          inputIds: row(ids)!,
          attentionMask: row(rest.mask),
          positionIds: row(rest.positions),
        };
        return decoder.forward(batch, inference()).logits.arraySync()[0]!;
      };
      const alone = run([3, 4, 5]);
      expectNumbersClose(run([3, 4, 5, 9, 1]).slice(0, 3).flat(), alone.flat(), 1e-5);
      const padded = { mask: [0, 0, 1, 1, 1], positions: [0, 0, 0, 1, 2] };
      expectNumbersClose(run([7, 8, 3, 4, 5], padded).slice(2).flat(), alone.flat(), 1e-5);
      expect(run([3, 4, 5], { positions: [0, 1, 4] })[2]).not.toEqual(alone[2]);
    });
  });

  it('trains all of its variables, with gradients that agree with finite differences', () => {
    using decoder = new Decoder({ ...options, dropout: 0.2 }, 1);
    stir(decoder, 5);
    const inputIds = randomIds(2, 6, 1);
    const targets = nextTokens(inputIds);
    const loss = () => {
      const { logits } = decoder.forward(
        { inputIds },
        { training: true, seeds: new SeedStream(3) },
      );
      return causalLanguageModelLoss(logits, targets).loss;
    };
    const { value, grads } = tf.variableGrads(loss, [...decoder.variables.values()]);
    for (const [name, variable] of decoder.variables) {
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
      const step = 1e-2;
      const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
      at(0);
      // A key's bias moves all scores of a query alike, so it has no slope but by rotation.
      if (!/k_proj\.bias/.test(name)) expect(Math.abs(slopes[i]!), name).toBeGreaterThan(1e-3);
      expect(Math.abs(slopes[i]! - slope), name).toBeLessThan(0.01 * (1 + Math.abs(slope)));
    }
    tf.dispose([value, grads, inputIds, targets]);
  });

  it('has the same value and gradients with gradientCheckpointing, bit for bit', () => {
    using decoder = new Decoder(options, 1);
    stir(decoder, 2);
    const variables = [...decoder.variables.values()];
    const inputIds = randomIds(3, 7, 1);
    const differentiate = (gradientCheckpointing: boolean) =>
      tf.tidy(() => {
        const context = { training: true, seeds: new SeedStream(3), gradientCheckpointing };
        const { result, tape } = recordTape(() =>
          tf.sum(tf.square(decoder.forward({ inputIds }, context).logits)),
        );
        const gradients = backpropagate(tape, [[result, tf.scalar(1)]], variables);
        return [result, ...gradients].map((x) => x && Array.from(x.dataSync()));
      });
    const { numTensors, numDataBuffers } = tf.memory();
    const plain = differentiate(false);
    expect(differentiate(true)).toEqual(plain);
    // What grows is the table of rotary positions, which belongs to the model.
    const tables = 'ropeTheta' in decoder.config && decoder.config.ropeTheta ? 2 : 0;
    expect(tf.memory().numTensors - numTensors).toBe(tables);
    expect(tf.memory().numDataBuffers - numDataBuffers).toBe(tables);
    inputIds.dispose();
  });

  it('comes back from its saved tensors', () => {
    using decoder = new Decoder(options, 1);
    using other = new Decoder(options, 2);
    const saved = decoder.toSafetensors();
    expect([...saved.keys()]).toEqual([...decoder.variables.keys()]);
    other.loadSafetensors(saved);
    const ids = randomIds(2, 6, 1);
    const logits = (d: Decoder) =>
      tf.tidy(() => d.forward({ inputIds: ids }, inference()).logits.dataSync());
    expect(logits(other)).toEqual(logits(decoder));
    using third = new Decoder(options, { tensors: saved, file: 'model.safetensors' });
    expect(logits(third)).toEqual(logits(decoder));
    ids.dispose();
  });

  it('frees all it took', () => {
    const start = tf.memory().numTensors;
    const decoder = new Decoder(options, 1);
    const ids = randomIds(2, 6, 1);
    for (const training of [false, true]) {
      tf.dispose(decoder.forward({ inputIds: ids }, { training, seeds: new SeedStream(1) }));
    }
    decoder.loadSafetensors(decoder.toSafetensors());
    decoder.dispose();
    ids.dispose();
    expect(tf.memory().numTensors).toBe(start);
  });
});

describe('Decoder', () => {
  const gpt2 = { ...tinyDecoders[0]!.options, hiddenSize: 64, intermediateSize: 256 };
  const llama = { ...tinyDecoders[3]!.options, padTokenId: 3 };

  it('starts as its family does', () => {
    using decoder = new Decoder(gpt2, 1);
    const deviation = (name: string) => {
      const values = [...decoder.variables.get(`transformer.${name}`)!.dataSync()] as number[];
      return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
    };
    expect(deviation('h.0.attn.c_attn.weight')).toBeCloseTo(0.02, 3);
    expect(deviation('h.1.mlp.c_proj.weight')).toBeCloseTo(0.01, 3); // 0.02 / sqrt(2 * 2)
    expect(deviation('h.1.mlp.c_fc.bias')).toBe(0);
    expect(deviation('ln_f.weight')).toBe(1);
    using padded = new Decoder(llama, 1);
    const words = padded.variables.get('model.embed_tokens.weight')!.dataSync();
    expect([...words.slice(36, 48)]).toEqual(Array(12).fill(0));
    expect(words[48]).not.toBe(0);
  });

  it("saves GPT-2's matrices as [in, out] and Llama's as [out, in]", () => {
    using a = new Decoder(gpt2, 1);
    using b = new Decoder(llama, 1);
    expect(a.toSafetensors().get('transformer.h.0.attn.c_attn.weight')!.shape).toEqual([64, 192]);
    expect(b.toSafetensors().get('model.layers.1.self_attn.k_proj.weight')!.shape).toEqual([
      12, 12,
    ]);
    expect(b.toSafetensors().get('model.layers.1.mlp.gate_proj.weight')!.shape).toEqual([13, 12]);
    expect(b.toSafetensors().has('lm_head.weight')).toBe(false);
  });

  it('loads a bare GPT-2, older buffers, and the head of tied embeddings', () => {
    using decoder = new Decoder(gpt2, 1);
    using other = new Decoder(gpt2, 2);
    const saved = decoder.toSafetensors();
    const words = saved.get('transformer.wte.weight')!;
    const bare = new Map([...saved].map(([name, t]) => [name.replace('transformer.', ''), t]));
    bare.set('h.0.attn.bias', { dtype: 'U8', shape: [1], data: Uint8Array.of(1) });
    bare.set('lm_head.weight', words);
    other.loadSafetensors(bare);
    const values = (d: Decoder) => [...d.variables.values()].map((x) => x.dataSync());
    expect(values(other)).toEqual(values(decoder));
    bare.delete('wpe.weight');
    expect(() => other.loadSafetensors(bare)).toThrow(/is missing transformer.wpe.weight/);
  });

  it('draws its dropout from the seeds', () => {
    using decoder = new Decoder({ ...gpt2, dropout: 0.3 }, 1);
    const ids = randomIds(2, 6, 1);
    const run = (training: boolean, seed: number) =>
      tf.tidy(() =>
        decoder
          .forward({ inputIds: ids }, { training, seeds: new SeedStream(seed) })
          .logits.dataSync(),
      );
    expect(run(true, 1)).toEqual(run(true, 1));
    expect(run(true, 1)).not.toEqual(run(true, 2));
    expect(run(false, 1)).toEqual(run(false, 2));
    ids.dispose();
  });

  it.each([
    [{ inputIds: () => tf.zeros([2, 25], 'int32') }, /25 tokens .* maxPositionEmbeddings 24/],
    [{ inputIds: () => tf.zeros([2, 3]) }, /int32 of shape \(batch, steps\), received float32/],
    [{ inputIds: () => tf.fill([1, 2], 17, 'int32') }, /17/],
    [{ attentionMask: () => tf.ones([2, 4], 'int32') }, /attentionMask .*\(2, 3\).*\(2, 4\)/],
    [{ positionIds: () => tf.ones([1, 3], 'int32') }, /positionIds .*\(2, 3\).*\(1, 3\)/],
    [{ positionIds: () => tf.fill([2, 3], 24, 'int32') }, /position 24; .* go from 0 to 23/],
  ])('refuses a batch that does not fit %#', (change, pattern) => {
    for (const options of [gpt2, llama]) {
      using decoder = new Decoder(options, 1);
      tf.tidy(() => {
        const made = Object.entries(change).map(([name, make]) => [name, make()]);
        const batch = { inputIds: tf.zeros([2, 3], 'int32'), ...Object.fromEntries(made) };
        expect(() => decoder.forward(batch, inference())).toThrow(pattern);
        expect(() => decoder.forward(batch, inference())).toThrow(AnyformerError);
      });
    }
  });
});
