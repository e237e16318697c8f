import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { readSafetensors, type SafeTensor } from '../../src/formats/safetensors.ts';
import { float32Tensor, toFloat32 } from '../../src/formats/tensorData.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { EncoderDecoder } from '../../src/models/encoderDecoder.ts';
import { parseGeneration } from '../../src/tasks/generation/generationOptions.ts';
import { translateTokens } from '../../src/tasks/translateTexts.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

const folder = sharedDataOrSay(
  'pretrained/ct2-aren',
  'a trained encoder-decoder against the log-probabilities that CTranslate2 publishes',
);

interface Expected {
  readonly score_cases: readonly { src: string[]; tgt: string[]; logp: number[] }[];
  readonly translate_cases: readonly { src: string[]; out: string[] }[];
}

const WIDTH = 32;
const POSITIONS = 64;

/** OpenNMT-tf's waves: positions from 1 on, of their own frequencies, all sines before all cosines. */
function waves(): SafeTensor {
  const half = WIDTH / 2;
  const table = Float32Array.from({ length: POSITIONS * WIDTH }, (_, i) => {
    const [place, column] = [Math.floor(i / WIDTH) + 1, i % WIDTH];
    const angle = place * Math.exp((-(column % half) * Math.log(10_000)) / (half - 1));
    return column < half ? Math.sin(angle) : Math.cos(angle);
  });
  return float32Tensor(table, [POSITIONS, WIDTH]);
}

/** Rows [from, to) of a tensor. */
function rows(tensor: SafeTensor, from: number, to: number): SafeTensor {
  const width = tensor.shape[1] ?? 1;
  const values = toFloat32(tensor).slice(from * width, to * width);
  return float32Tensor(values, [to - from, ...tensor.shape.slice(1)]);
}

/** CTranslate2's names and fused matrices as those of a model of type 'transformer'. */
function converted(theirs: ReadonlyMap<string, SafeTensor>): Map<string, SafeTensor> {
  const result = new Map<string, SafeTensor>();
  const of = (name: string) => theirs.get(name)!;
  const linear = (name: string, from: string, part?: number) => {
    for (const kind of ['weight', 'bias']) {
      const tensor = of(`${from}.${kind}`);
      const own = part === undefined ? tensor : rows(tensor, part * WIDTH, (part + 1) * WIDTH);
      result.set(`${name}.${kind}`, own);
    }
  };
  const norm = (name: string, from: string) => {
    result.set(`${name}.weight`, of(`${from}.gamma`)).set(`${name}.bias`, of(`${from}.beta`));
  };
  for (const stack of ['encoder', 'decoder']) {
    result.set(`model.${stack}.embed_tokens.weight`, of(`${stack}.embeddings.weight`));
    result.set(`model.${stack}.embed_positions.weight`, waves());
    norm(`model.${stack}.layer_norm`, `${stack}.layer_norm`);
    for (let i = 0; i < 6; i++) {
      const [layer, from] = [`model.${stack}.layers.${i}`, `${stack}.layer_${i}`];
      ['q_proj', 'k_proj', 'v_proj'].forEach((map, part) => {
        linear(`${layer}.self_attn.${map}`, `${from}.self_attention.linear_0`, part);
      });
      linear(`${layer}.self_attn.out_proj`, `${from}.self_attention.linear_1`);
      norm(`${layer}.self_attn_layer_norm`, `${from}.self_attention.layer_norm`);
      if (stack === 'decoder') {
        linear(`${layer}.encoder_attn.q_proj`, `${from}.attention.linear_0`);
        linear(`${layer}.encoder_attn.k_proj`, `${from}.attention.linear_1`, 0);
        linear(`${layer}.encoder_attn.v_proj`, `${from}.attention.linear_1`, 1);
        linear(`${layer}.encoder_attn.out_proj`, `${from}.attention.linear_2`);
        norm(`${layer}.encoder_attn_layer_norm`, `${from}.attention.layer_norm`);
      }
      linear(`${layer}.fc1`, `${from}.ffn.linear_0`);
      linear(`${layer}.fc2`, `${from}.ffn.linear_1`);
      norm(`${layer}.final_layer_norm`, `${from}.ffn.layer_norm`);
    }
  }
  result.set('lm_head.weight', of('decoder.projection.weight'));
  const bias = of('decoder.projection.bias');
  return result.set('final_logits_bias', { ...bias, shape: [1, bias.shape[0]!] });
}

describe.skipIf(folder === undefined)('a transformer of CTranslate2', () => {
  let expected: Expected;
  let model: EncoderDecoder;
  let source: Map<string, number>;
  let target: string[];

  beforeAll(async () => {
    await createEngine();
    const read = (name: string) => readFileSync(`${folder}/${name}`);
    expected = JSON.parse(read('expected.json').toString());
    const words = (name: string) =>
      read(`v2/aren-transliteration/${name}`)
        .toString()
        .split('\n')
        .filter((word) => word !== '');
    source = new Map(words('source_vocabulary.txt').map((word, id) => [word, id]));
    target = words('target_vocabulary.txt');
    model = new EncoderDecoder(
      {
        ...{ vocabSize: 51, decoderVocabSize: 43, hiddenSize: WIDTH, numHiddenLayers: 6 },
        ...{ numAttentionHeads: 8, intermediateSize: 128, hiddenAct: 'relu', dropout: 0 },
        ...{ maxPositionEmbeddings: POSITIONS, normalizeFirst: true, scaleEmbedding: true },
        ...{ tieWordEmbeddings: false, decoderStartTokenId: target.indexOf('<s>') },
        eosTokenId: target.indexOf('</s>'),
      },
      { tensors: converted(readSafetensors(read('aren.safetensors')).tensors), file: 'aren' },
    );
    return () => model.dispose();
  });

  const idsOf = (src: readonly string[]) => src.map((word) => source.get(word)!);

  /** The log-probability of each token of a target, by the whole forward pass. */
  function scores(src: readonly string[], targets: readonly number[]): number[] {
    return tf.tidy(() => {
      const row = (ids: readonly number[]) => tf.tensor2d([[...ids]], undefined, 'int32');
      const { logits } = model.forward(
        {
          inputIds: row(idsOf(src)),
          decoderInputIds: row([model.config.decoderStartTokenId, ...targets.slice(0, -1)]),
        },
        { training: false, seeds: new SeedStream(0) },
      );
      return logits.arraySync()[0]!.map((scores, t) => logProbability(scores, targets[t]!));
    });
  }

  const logProbability = (scores: ArrayLike<number>, id: number) => {
    const sum = Array.from(scores).reduce((total, x) => total + Math.exp(x), 0);
    return scores[id]! - Math.log(sum);
  };

  it('gives each token of the published cases its log-probability, with a cache too', () => {
    for (const { src, tgt, logp } of expected.score_cases) {
      const ids = [...tgt, '</s>'].map((word) => target.indexOf(word));
      using cache = model.createCache([idsOf(src)]);
      let logits = model.prefill([[model.config.decoderStartTokenId]], cache);
      const stepped = ids.map((id, t) => {
        const score = logProbability(logits, id);
        if (t + 1 < ids.length) logits = model.step([id], cache);
        return score;
      });
      for (const found of [scores(src, ids), stepped]) {
        expect(found.length).toBe(logp.length);
        found.forEach((score, t) => {
          expect(Math.abs(score - logp[t]!), `${tgt.join('')} ${t}`).toBeLessThan(1e-5);
        });
      }
    }
  });

  it.each([1, 2, 4])('writes the published transliterations with %i beams', async (numBeams) => {
    const sources = expected.translate_cases.map(({ src }) => idsOf(src));
    const { eosTokenId } = model.config;
    const options = parseGeneration('test', { numBeams, eosTokenId, maxNewTokens: 20 }, {}, 43);
    const results = await translateTokens(model, sources, options, () => {});
    expect(results.map((ids) => ids.map((id) => target[id]))).toEqual(
      expected.translate_cases.map(({ out }) => [...out, '</s>']),
    );
  });
});
