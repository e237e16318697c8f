import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import {
  readSafetensors,
  type SafeTensor,
  writeSafetensors,
} from '../../../src/formats/safetensors.ts';
import { float32Tensor, int32Tensor } from '../../../src/formats/tensorData.ts';
import {
  NgramsClassifier,
  type NgramsModelConfig,
} from '../../../src/models/ngrams/ngramsClassifier.ts';
import { NgramCounter } from '../../../src/models/ngrams/ngramVocabulary.ts';
import { expectRefusal } from '../../tasks/toyTexts.ts';

const CONFIG: NgramsModelConfig = {
  wordNgrams: [1, 2],
  characterNgrams: [2, 3],
  lowercase: true,
  minFrequency: 1,
  maxFeatures: 1000,
  C: 0.3,
};
const TEXTS = ['snow and ice', 'sun and beach', 'rain'];
const ALL_TEXTS = [...TEXTS, '', 'new words', 'SUN 😀', 'snow snow'];

/** A model with weights at random. */
function modelOf(numLabels: number, outputCount: number, config = CONFIG): NgramsClassifier {
  const counter = new NgramCounter(config);
  for (const text of TEXTS) counter.add(text);
  const { vocabulary } = counter.finish();
  const random = new Random(numLabels);
  const outputs = Array.from({ length: outputCount }, () =>
    Float32Array.from({ length: vocabulary.size + 1 }, () => random.normal()),
  );
  return new NgramsClassifier(config, vocabulary, outputs, numLabels);
}

const logitsOf = (model: NgramsClassifier) => ALL_TEXTS.map((text) => model.logits(text));

describe('NgramsClassifier', () => {
  it('gives a score for each label: bias, and weights times features', () => {
    const config = { ...CONFIG, wordNgrams: [1, 1], characterNgrams: [0, 0] } as const;
    const { vocabulary } = modelOf(3, 3, config);
    const outputs = [1, 2, 3].map((label) => {
      const weights = new Float32Array(vocabulary.size + 1).fill(label);
      weights[vocabulary.size] = 10 * label;
      return weights;
    });
    const model = new NgramsClassifier(config, vocabulary, outputs, 3);
    // 'snow' and 'ice' are in one text of three, each 1 / √2 of the row.
    const [first, second, third] = model.logits('snow ice');
    expect(first).toBeCloseTo(10 + Math.SQRT2, 5);
    expect(second).toBeCloseTo(20 + 2 * Math.SQRT2, 5);
    expect(third).toBeCloseTo(30 + 3 * Math.SQRT2, 5);
    expect(model.logits('')).toEqual(Float32Array.of(10, 20, 30));
  });

  it('has for two labels of which one holds one output, and its opposite', () => {
    const one = modelOf(2, 1);
    for (const [a, b] of logitsOf(one)) expect(a).toBe(-b!);
    const several = modelOf(2, 2);
    expect(logitsOf(several).some(([a, b]) => a !== -b!)).toBe(true);
  });

  it.each([
    ['two labels', 2, 1, false],
    ['two labels that may hold both', 2, 2, true],
    ['four labels', 4, 4, false],
    ['four that may hold together', 4, 4, true],
  ] as const)('is the same when saved and loaded, bit for bit: %s', (_, labels, outputs, multi) => {
    const model = modelOf(labels, outputs);
    const bytes = writeSafetensors(model.toSafetensors());
    const { tensors } = readSafetensors(bytes, 'file');
    const again = NgramsClassifier.fromSafetensors(CONFIG, labels, multi, tensors, 'file');
    expect(logitsOf(again)).toEqual(logitsOf(model));
    expect(writeSafetensors(again.toSafetensors())).toEqual(bytes);
  });

  it('keeps nothing of the file it was read from', () => {
    const tensors = modelOf(3, 3).toSafetensors();
    const again = NgramsClassifier.fromSafetensors(CONFIG, 3, false, tensors, 'file');
    const before = logitsOf(again);
    for (const { data } of tensors.values()) data.fill(0);
    expect(logitsOf(again)).toEqual(before);
  });

  const model = modelOf(3, 3);
  const D = model.vocabulary.size;
  const filled = (shape: readonly number[], value: number, at: number) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1);
    values[at] = value;
    return float32Tensor(values, shape);
  };
  const repeated = model.vocabulary.hashes.slice();
  repeated[D - 1] = repeated[0]!;

  it.each<[string, string, SafeTensor | undefined, RegExp]>([
    ['no features', 'hashes', undefined, /ngrams\.hashes must be I32 .* is not there/],
    ['no idf', 'idf', undefined, /ngrams\.idf must be F32 \[\d+\], is not there/],
    ['no weights', 'weight', undefined, /ngrams\.weight must be F32 \[3, \d+\], is not there/],
    ['no bias', 'bias', undefined, /ngrams\.bias must be F32 \[3\], is not there/],
    ['features as floats', 'hashes', float32Tensor(new Float32Array(D), [D]), /must be I32/],
    ['features in two dimensions', 'hashes', int32Tensor(new Int32Array(2 * D), [D, 2]), /hashes/],
    ['one number for features', 'hashes', int32Tensor(new Int32Array(1), []), /must be/],
    ['idf as integers', 'idf', int32Tensor(new Int32Array(D), [D]), /must be F32 .* is I32/],
    ['one idf less', 'idf', filled([D - 1], 1, 0), /ngrams\.idf must be F32/],
    ['one feature less', 'hashes', int32Tensor(repeated.slice(1), [D - 1]), /ngrams\.idf must/],
    ['weights the other way', 'weight', filled([D, 3], 1, 0), /weight must be F32 \[3, \d+\]/],
    ['weights of two labels', 'weight', filled([2, D], 1, 0), /weight must be F32 \[3, \d+\]/],
    ['weights in a row', 'weight', filled([3 * D], 1, 0), /weight must be F32 \[3, \d+\]/],
    ['biases of two labels', 'bias', filled([2], 1, 0), /bias must be F32 \[3\], is F32 \[2\]/],
    ['a feature twice', 'hashes', int32Tensor(repeated, [D]), /hashes has a feature twice/],
    ['an idf of NaN', 'idf', filled([D], Number.NaN, D - 1), /idf has numbers that are not finite/],
    ['a weight of NaN', 'weight', filled([3, D], Number.NaN, 2 * D), /weight has numbers/],
    ['an endless weight', 'weight', filled([3, D], -Infinity, 3 * D - 1), /weight has numbers/],
    ['a bias of Infinity', 'bias', filled([3], Infinity, 2), /bias has numbers/],
  ])('is refused with %s', async (_, name, tensor, message) => {
    const tensors = model.toSafetensors();
    tensors.delete(`ngrams.${name}`);
    if (tensor) tensors.set(`ngrams.${name}`, tensor);
    await expectRefusal(
      () => NgramsClassifier.fromSafetensors(CONFIG, 3, false, tensors, 'weights.safetensors'),
      'INVALID_FILE',
      message,
    );
  });

  it('is refused as one of another number of labels', async () => {
    const load = (numLabels: number, multiLabel: boolean) => () =>
      NgramsClassifier.fromSafetensors(CONFIG, numLabels, multiLabel, model.toSafetensors(), 'f');
    await expectRefusal(load(4, false), 'INVALID_FILE', /f: ngrams\.weight must be F32 \[4, \d+\]/);
    await expectRefusal(load(2, false), 'INVALID_FILE', /must be F32 \[1, \d+\], is F32 \[3/);
    await expectRefusal(load(2, true), 'INVALID_FILE', /must be F32 \[2, \d+\], is F32 \[3/);
  });
});
