import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { type ActivationName, activations } from '../../src/kernels/activationName.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { softmaxCrossEntropy } from '../../src/kernels/softmaxCrossEntropy.ts';
import type { BaseLayer } from '../../src/layers/baseLayer.ts';
import * as layers from '../../src/layers/index.ts';
import { causalLanguageModelLoss } from '../../src/models/causalLanguageModelLoss.ts';
import { Decoder } from '../../src/models/decoder.ts';
import type { DecoderOptions } from '../../src/models/decoderConfig.ts';
import type { EncoderOptions } from '../../src/models/encoderConfig.ts';
import { SequenceClassifier } from '../../src/models/sequenceClassifier.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { type KernelCase, kernelCases } from '../support/kernelCases.ts';
import { expectClose, RandomTensors } from '../support/tensors.ts';
import { type Differentiable, expectSameAsComposed, stir } from './onBothBackends.ts';

// Sizes at the edge through layers, models and the task: one token, one sequence, one word, one
// label, widths of 1 to 7, heads of any width, very long rows.

beforeAll(async () => {
  await createEngine();
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

const width = fc.constantFrom(1, 2, 3, 5, 7, 8, 9);
const headWidth = fc.constantFrom(1, 2, 3, 5, 7, 8, 16, 30, 33, 64, 100, 128, 256);
const steps = fc.constantFrom(1, 1, 2, 3, 4, 5, 9, 17);
const batch = fc.constantFrom(1, 1, 2, 3);
const heads = fc.constantFrom(1, 2, 3);
const seed = fc.nat(1e6);
const activation = fc.constantFrom(...(Object.keys(activations) as ActivationName[]));

const context = () => ({ training: true, seeds: new SeedStream(5) });

/** A layer on floats, which are among the variables. */
function layerOn(
  layer: BaseLayer,
  shapes: readonly number[][],
  seed: number,
  options: object = {},
): Differentiable {
  const make = new RandomTensors(seed);
  const inputs = shapes.map((shape) => tf.variable(make.normal(shape as [number])));
  const compute = () =>
    layer.apply(inputs.length === 1 ? inputs[0]! : inputs, { ...context(), ...options });
  tf.tidy(() => void compute()); // builds it
  const weights = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
  stir(weights, seed);
  return {
    compute: compute as Differentiable['compute'],
    variables: [...inputs, ...weights],
    dispose: () => {
      layer.dispose();
      tf.dispose(inputs);
    },
  };
}

type Sizes = { B: number; T: number; S: number; D: number; H: number; d: number; seed: number };

const sizes: fc.Arbitrary<Sizes> = fc
  .record({ B: batch, T: steps, S: steps, D: width, H: heads, d: headWidth, seed })
  .filter(({ H, d, T, S }) => H * d * (T + S) <= 6000);

const block = { intermediateDim: 5, dropout: 0.2, layerNormEpsilon: 1e-2, seed: 4 } as const;

const layerRows: readonly [string, (sizes: Sizes) => Differentiable][] = [
  [
    'FusedLayerNormalization',
    ({ B, T, D, seed }) =>
      layerOn(layers.fusedLayerNormalization({ epsilon: 1e-2 }), [[B, T, D]], seed),
  ],
  [
    'RMSNormalization',
    ({ B, T, D, seed }) => layerOn(layers.rmsNormalization({ epsilon: 1e-2 }), [[B, T, D]], seed),
  ],
  [
    'MaskedGlobalAveragePooling1D',
    ({ B, T, D, seed }) => layerOn(layers.maskedGlobalAveragePooling1D({}), [[B, T, D]], seed),
  ],
  [
    'MaskedGlobalMaxPooling1D',
    ({ B, T, D, seed }) => layerOn(layers.maskedGlobalMaxPooling1D({}), [[B, T, D]], seed),
  ],
  [
    'RotaryEmbedding',
    ({ B, T, H, D, seed }) => layerOn(layers.rotaryEmbedding({}), [[B, T, H, 2 * D]], seed),
  ],
  [
    'MultiHeadAttention',
    ({ B, T, S, D, H, d, seed }) =>
      layerOn(
        layers.multiHeadAttention({ numHeads: H, keyDim: d, dropout: 0.2, seed: 4 }),
        [[B, T, D], [B, S, D + 1]], // biome-ignore format: two shapes
        seed,
      ),
  ],
  [
    'MultiHeadAttention of groups, causal',
    ({ B, T, D, H, d, seed }) =>
      layerOn(
        layers.multiHeadAttention({
          ...{ numHeads: 2 * H, numKeyValueHeads: H, keyDim: d, valueDim: D, useCausalMask: true },
          seed: 4,
        }),
        [[B, T, D]],
        seed,
      ),
  ],
  [
    'TransformerEncoder',
    ({ B, T, D, H, seed }) =>
      layerOn(layers.transformerEncoder({ ...block, numHeads: H }), [[B, T, H * D]], seed),
  ],
  [
    'TransformerDecoder',
    ({ B, T, S, D, H, seed }) =>
      layerOn(
        layers.transformerDecoder({ ...block, numHeads: H }),
        [[B, T, H * D], [B, S, H * D]], // biome-ignore format: two shapes
        seed,
      ),
  ],
];

describe('layers', () => {
  test.each(layerRows)('%s', async (_, make) => {
    const property = fc.asyncProperty(sizes, (c) =>
      expectSameAsComposed(() => make(c), { seed: c.seed }),
    );
    await fc.assert(property, { numRuns: 60 });
  });
});

interface ClassifierSizes {
  readonly encoder: EncoderOptions;
  readonly numLabels: number;
  readonly B: number;
  readonly T: number;
  readonly seed: number;
}

const classifiers: fc.Arbitrary<ClassifierSizes> = fc
  .record({
    ...{ H: heads, d: width, B: batch, T: steps, seed, numLabels: fc.constantFrom(1, 2, 5) },
    ...{ vocabSize: fc.constantFrom(1, 2, 5, 17), intermediateSize: width, hiddenAct: activation },
    ...{ numHiddenLayers: fc.constantFrom(1, 2), type: fc.constantFrom('transformer', 'bert') },
    pooling: fc.constantFrom('mean', 'max', 'cls'),
  })
  .map(({ H, d, numLabels, B, T, seed, type, pooling, ...rest }) => ({
    encoder: {
      ...rest,
      type: type as 'bert',
      // Of a width of 1 the norm leaves equal numbers, and a maximum has one gradient with us.
      pooling: H * d > 1 ? (pooling as 'cls') : 'mean',
      ...{ hiddenSize: H * d, numAttentionHeads: H, maxPositionEmbeddings: T },
      ...{ dropout: 0.1, layerNormEps: 1e-2 },
    },
    ...{ numLabels, B, T, seed },
  }));

function classifierOn({ encoder, numLabels, B, T, seed }: ClassifierSizes): Differentiable {
  const classifier = new SequenceClassifier({ encoder, numLabels }, seed);
  const make = new RandomTensors(seed);
  const inputIds = make.below<tf.Rank.R2>(encoder.vocabSize, [B, T]);
  const attentionMask = make.mask([B, T]);
  const labels = make.below<tf.Rank.R1>(numLabels, [B]);
  const variables = [...classifier.variables.values()];
  stir(variables, seed);
  return {
    compute: () => {
      const { logits } = classifier.forward({ inputIds, attentionMask }, context());
      return [logits, softmaxCrossEntropy(logits, labels, { labelSmoothing: 0.1 })];
    },
    variables,
    dispose: () => {
      classifier.dispose();
      tf.dispose([inputIds, attentionMask, labels]);
    },
  };
}

interface DecoderSizes {
  readonly options: DecoderOptions;
  readonly B: number;
  readonly T: number;
  readonly seed: number;
}

const decoders: fc.Arbitrary<DecoderSizes> = fc
  .record({
    ...{ keyHeads: heads, group: heads, d: fc.constantFrom(1, 2, 4, 7, 16), B: batch, T: steps },
    ...{ vocabSize: fc.constantFrom(1, 2, 17), intermediateSize: width, hiddenAct: activation },
    ...{ seed, isLlama: fc.boolean(), tieWordEmbeddings: fc.boolean() },
  })
  .map(({ keyHeads, group, d, B, T, seed, isLlama, ...rest }) => {
    const H = isLlama ? keyHeads * group : keyHeads;
    const headDim = isLlama ? 2 * d : d;
    const options: DecoderOptions = {
      ...rest,
      ...{ type: isLlama ? 'llama' : 'gpt2', numHiddenLayers: 1, numAttentionHeads: H },
      ...{ hiddenSize: H * headDim, headDim, maxPositionEmbeddings: T, normEps: 1e-2 },
      ...(isLlama ? { numKeyValueHeads: keyHeads } : {}),
      dropout: 0.1,
    };
    return { options, B, T, seed };
  });

function decoderOn({ options, B, T, seed }: DecoderSizes): Differentiable {
  const decoder = new Decoder(options, seed);
  const make = new RandomTensors(seed);
  const [inputIds, targets] = [0, 1].map(() => make.below<tf.Rank.R2>(options.vocabSize, [B, T]));
  const variables = [...decoder.variables.values()];
  stir(variables, seed);
  return {
    compute: () => {
      const { logits } = decoder.forward({ inputIds: inputIds! }, context());
      return [logits, causalLanguageModelLoss(logits, targets!).loss];
    },
    variables,
    dispose: () => {
      decoder.dispose();
      tf.dispose([inputIds!, targets!]);
    },
  };
}

describe('models', () => {
  test('a sequence classifier of any size', { timeout: 300_000 }, async () => {
    // A norm of two numbers is close to the sign of their difference: five of them in a row make
    // 1e-3 of a rounding error. The operations of this width have their own cases below.
    const smooth = classifiers.filter(({ encoder }) => encoder.hiddenSize !== 2);
    const property = fc.asyncProperty(smooth, (c) =>
      expectSameAsComposed(() => classifierOn(c), { seed: c.seed }),
    );
    await fc.assert(property, { numRuns: 150 });
  });

  test('a decoder of any size', { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(decoders, (c) =>
      expectSameAsComposed(() => decoderOn(c), { seed: c.seed }),
    );
    await fc.assert(property, { numRuns: 100 });
  });
});

/** A scalar of the output in which every element counts differently. */
function weightedSum(run: KernelCase['run']) {
  return (...inputs: tf.Tensor[]): tf.Scalar => {
    const y = run(...inputs);
    return tf.sum(tf.mul(y, new RandomTensors(3).symmetric(y.shape)));
  };
}

describe.each([
  [1, 1, 1],
  [1, 1, 1027],
  [1, 2051, 2],
  [2, 3, 515],
  [33, 1, 130],
] as const)('operations of the sizes %i, %i and %i', (...shape) => {
  test.each(kernelCases)('%s', (_, make) => {
    tf.tidy(() => {
      const { inputs, run, composed } = make(new RandomTensors(9), shape);
      expectClose(run(...inputs), composed(...inputs), 2e-4);
      const actual = tf.grads(weightedSum(run))(inputs);
      const expected = tf.grads(weightedSum(composed))(inputs);
      for (const [i, gradient] of actual.entries()) expectClose(gradient, expected[i]!, 5e-4);
    });
  });
});

test('a classifier with one token and one example a batch', async () => {
  using classifier = await TextClassifier.create({
    maxLength: 3, // its token stands between two special ones
    tokenizer: { type: 'wordpiece', vocabSize: 40 },
    encoder: { hiddenSize: 1, numAttentionHeads: 1, intermediateSize: 1, numHiddenLayers: 1 },
  });
  const texts = ['yes', 'no', 'yes', 'no'].map((text) => ({ text, label: text }));
  const losses: number[] = [];
  await classifier.train(texts, {
    epochs: 3,
    batchSize: 1,
    onProgress: (p) => void (p.phase === 'train' && losses.push(p.loss!)),
  });
  expect(losses).toHaveLength(12);
  expect(losses.every(Number.isFinite)).toBe(true);
  for (const text of ['', 'yes', 'no yes']) {
    const answers = await classifier.predict(text);
    expect(answers[0]!.label === 'unknown').toBe(text === '');
    const scores = answers.filter(({ label }) => label !== 'unknown');
    expect(scores.map(({ label }) => label).sort()).toEqual(['no', 'yes']);
    expect(scores[0]!.score + scores[1]!.score).toBeCloseTo(1, 5);
  }
});
