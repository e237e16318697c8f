import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { readHfConfig } from '../../src/formats/hfConfig.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { Decoder } from '../../src/models/decoder.ts';
import { decoderConfigFromHf } from '../../src/models/decoderHfConfig.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

const folder = sharedDataOrSay(
  'pretrained/stories260K',
  "a trained Llama against Hugging Face's logits and greedy text",
);

interface Reference {
  /** A greedy text: each token but the first is the best one after those before it. */
  readonly ids: number[];
  /** Of the first 16 places. */
  readonly logits_first16: number[][];
  /** Of the last place. */
  readonly logits_last: number[];
}

describe.skipIf(folder === undefined)('LlamaForCausalLM', () => {
  let reference: Reference;
  let model: Decoder;

  beforeAll(async () => {
    await createEngine();
    const read = (name: string) => readFileSync(`${folder}/${name}`);
    reference = JSON.parse(read('reference_logits.json').toString());
    model = new Decoder(decoderConfigFromHf(readHfConfig(read('hf/config.json'))), 1);
    model.loadSafetensors(readSafetensors(read('hf/model.safetensors')).tensors);
    return () => model.dispose();
  });

  it('gives the logits of Hugging Face, of which the best are the text', () => {
    const { ids, logits_first16, logits_last } = reference;
    const logits = tf.tidy(() => {
      const inputIds = tf.tensor2d([ids], undefined, 'int32');
      const context = { training: false, seeds: new SeedStream(0) };
      return model.forward({ inputIds }, context).logits.arraySync()[0]!;
    });
    expect(logits.length).toBe(ids.length);
    const expected = new Map([...logits_first16.entries(), [ids.length - 1, logits_last]]);
    for (const [place, row] of expected) {
      const differences = row.map((x, i) => Math.abs(x - logits[place]![i]!));
      expect(Math.max(...differences), `place ${place}`).toBeLessThan(1e-4);
    }
    const best = logits.map((row) => row.indexOf(Math.max(...row)));
    expect(best.slice(0, -1)).toEqual(ids.slice(1));
  });

  it('writes the text token by token, with the logits of Hugging Face', () => {
    const { ids, logits_last } = reference;
    using cache = model.createCache({ maxLength: ids.length });
    const best = (row: Float32Array) => row.indexOf(Math.max(...row));
    let logits = model.prefill([ids.slice(0, 4)], cache);
    for (let place = 4; place < ids.length; place++) {
      expect(best(logits), `place ${place}`).toBe(ids[place]);
      logits = model.step([ids[place]!], cache);
    }
    const differences = logits_last.map((x, i) => Math.abs(x - logits[i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });
});
