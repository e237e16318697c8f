import * as tf from '@tensorflow/tfjs-core';
import { activation } from '../../src/kernels/activation.ts';
import { type ActivationName, activations } from '../../src/kernels/activationName.ts';
import type { AttentionInputs } from '../../src/kernels/attentionSizes.ts';
import { composedActivation } from '../../src/kernels/composedActivation.ts';
import { composedAttention } from '../../src/kernels/composedAttention.ts';
import { dropout, dropoutComposed } from '../../src/kernels/dropout.ts';
import { embedding, embeddingComposed } from '../../src/kernels/embedding.ts';
import { layerNorm, layerNormComposed } from '../../src/kernels/layerNorm.ts';
import { linear, linearComposed } from '../../src/kernels/linear.ts';
import { maskedMax, maskedMaxComposed } from '../../src/kernels/maskedMax.ts';
import { maskedMean, maskedMeanComposed } from '../../src/kernels/maskedMean.ts';
import { recompute } from '../../src/kernels/recompute.ts';
import { rmsNorm, rmsNormComposed } from '../../src/kernels/rmsNorm.ts';
import { rotaryComposed, rotaryEmbedding } from '../../src/kernels/rotaryEmbedding.ts';
import { scaledDotProductAttention } from '../../src/kernels/scaledDotProductAttention.ts';
import { selfAttention, selfAttentionComposed } from '../../src/kernels/selfAttention.ts';
import {
  sigmoidCrossEntropy,
  sigmoidCrossEntropyComposed,
} from '../../src/kernels/sigmoidCrossEntropy.ts';
import {
  softmaxCrossEntropy,
  softmaxCrossEntropyComposed,
} from '../../src/kernels/softmaxCrossEntropy.ts';
import type { RandomTensors } from './tensors.ts';

/** One operation on given tensors: with our kernel, and composed of operations of tfjs. */
export interface KernelCase {
  /** Those it is differentiated by. */
  readonly inputs: tf.Tensor[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly composed: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Default: true. */
  readonly hasGradient?: boolean;
}

/** Makes a case of three sizes of any kind; each of our operations has its rows here. */
export type MakeCase = (
  make: RandomTensors,
  sizes: readonly [number, number, number],
) => KernelCase;

type R1 = tf.Tensor1D;
type R2 = tf.Tensor2D;
type R3 = tf.Tensor3D;

function activationRow(name: ActivationName): [string, MakeCase] {
  return [
    `activation ${name}`,
    (make, [B, T, D]) => ({
      inputs: [make.awayFromCorners([B, T, D])],
      run: (x) => activation(x!, name),
      composed: (x) => composedActivation(x!, name),
    }),
  ];
}

function linearRow(name: ActivationName, hasBias: boolean): [string, MakeCase] {
  return [
    `linear ${name}${hasBias ? '' : ' without bias'}`,
    (make, [B, T, D]) => {
      const inputs: tf.Tensor[] = [make.normal([B, T, D]), make.normal([D, T + D])];
      if (hasBias) inputs.push(make.normal([T + D]));
      return {
        inputs,
        run: (x, kernel, bias) => linear(x!, kernel as R2, bias as R1 | undefined, name),
        composed: (x, kernel, bias) =>
          linearComposed(x!, kernel as R2, bias as R1 | undefined, name),
      };
    },
  ];
}

function rotaryRow(interleaved: boolean, atPositions = false): [string, MakeCase] {
  return [
    `rotaryEmbedding ${interleaved ? 'interleaved' : 'in halves'}${atPositions ? ' at positions' : ''}`,
    (make, [B, T, D]) => {
      const numHeads = 3;
      const half = Math.ceil(D / 2);
      const headDim = 2 * half + (D % 3); // the last columns do not always turn
      const angles = make.normal([T + 1, half]);
      const tables = { cos: tf.cos(angles) as R2, sin: tf.sin(angles) as R2 };
      angles.dispose();
      const positions = atPositions ? make.below<tf.Rank.R2>(T + 1, [B, T]) : undefined;
      const settings = { numHeads, interleaved, positions };
      return {
        inputs: [make.normal([B, T, numHeads * headDim])],
        run: (x) => rotaryEmbedding(x as R3, tables.cos, tables.sin, settings),
        composed: (x) => rotaryComposed(x as R3, tables.cos, tables.sin, settings, positions),
      };
    },
  ];
}

function pooledRow(
  name: string,
  run: (x: R3, mask?: R2) => tf.Tensor,
  composed: (x: R3, mask: R2) => tf.Tensor,
  hasMask: boolean,
): [string, MakeCase] {
  return [
    `${name}${hasMask ? '' : ' without mask'}`,
    (make, [B, T, D]) => {
      const mask = hasMask ? make.mask([B, T]) : tf.ones<tf.Rank.R2>([B, T], 'int32');
      return {
        inputs: [make.distinct([B, T, D])],
        run: (x) => (hasMask ? run(x as R3, mask) : run(x as R3)),
        composed: (x) => composed(x as R3, mask),
      };
    },
  ];
}

function crossEntropyRow(labelSmoothing: number, weighted: boolean): [string, MakeCase] {
  const ignoreIndex = -100;
  const settings = { labelSmoothing, ignoreIndex };
  return [
    `softmaxCrossEntropy of classes, smoothing ${labelSmoothing}${weighted ? ', weighted' : ''}`,
    (make, [B, T, D]) => {
      const N = B * T;
      const labels: R1 = tf.tidy(() => {
        const isIgnored = tf.equal(make.below(4, [N]), 0);
        const ignored = tf.fill([N], ignoreIndex, 'int32');
        return tf.where(isIgnored, ignored, make.below(D, [N])) as R1;
      });
      const inputs: tf.Tensor[] = [make.normal([N, D])];
      if (weighted) inputs.push(make.uniform([N]));
      return {
        inputs,
        run: (x, weights) =>
          softmaxCrossEntropy(x as R2, labels, { ...settings, weights: weights as R1 | undefined }),
        composed: (x, weights) =>
          softmaxCrossEntropyComposed(x as R2, labels, weights as R1 | undefined, settings),
      };
    },
  ];
}

/** What the rows of attention differ in; the second size is Tq, the third Tk. */
interface AttentionRow {
  readonly mask?: boolean;
  /** Over which axes the bias is repeated, and whether it is differentiated by. */
  readonly bias?: 'whole' | 'repeated';
  readonly learnedBias?: boolean;
  readonly causal?: boolean;
  readonly dropout?: number;
  readonly numKeyValueHeads?: number;
  readonly wideValues?: boolean;
}

function attentionRow(name: string, row: AttentionRow): [string, MakeCase] {
  return [
    `scaledDotProductAttention ${name}`,
    (make, [B, Tq, Tk]) => {
      const numHeads = 4;
      const { numKeyValueHeads = numHeads, causal = false, dropout: rate = 0 } = row;
      const headDim = 1 + (Tk % 8);
      const valueDim = row.wideValues ? headDim + 3 : headDim;
      const settings = { numHeads, numKeyValueHeads, causal, dropout: rate, seed: Tq, scale: 0.7 };
      const mask = row.mask ? make.mask([B, Tk]) : undefined;
      const biasShape: [number, number, number, number] =
        row.bias === 'repeated' ? [1, numHeads, 1, Tk] : [B, 1, Tq, Tk];
      const constant = row.bias && make.normal<tf.Rank.R4>(biasShape);
      const inputs: tf.Tensor[] = [
        make.normal([B, Tq, numHeads * headDim]),
        make.normal([B, Tk, numKeyValueHeads * headDim]),
        make.normal([B, Tk, numKeyValueHeads * valueDim]),
      ];
      if (row.learnedBias && constant) inputs.push(constant);
      return {
        inputs,
        run: (query, key, value, learned) =>
          scaledDotProductAttention(query as R3, key as R3, value as R3, {
            ...settings,
            mask,
            bias: (learned ?? constant) as tf.Tensor4D | undefined,
          }),
        composed: (query, key, value, learned) => {
          const bias = learned ?? constant;
          const tensors = { query, key, value, mask, bias } as AttentionInputs;
          return composedAttention(tensors, settings).output;
        },
      };
    },
  ];
}

function selfAttentionRow(name: string, row: AttentionRow): [string, MakeCase] {
  return [
    `selfAttention ${name}`,
    (make, [B, T, D]) => {
      const numHeads = 4;
      const { numKeyValueHeads = numHeads, causal = false, dropout: rate = 0 } = row;
      const width = (numHeads + 2 * numKeyValueHeads) * (1 + (D % 8));
      const mask = row.mask ? make.mask([B, T]) : undefined;
      const options = { numHeads, numKeyValueHeads, causal, dropout: rate, seed: T, mask };
      return {
        inputs: [make.normal([B, T, width])],
        run: (fused) => selfAttention(fused as R3, options),
        composed: (fused) => selfAttentionComposed(fused as R3, options),
      };
    },
  ];
}

export const kernelCases: readonly [name: string, make: MakeCase][] = [
  ...(Object.keys(activations) as ActivationName[]).map(activationRow),
  ...(Object.keys(activations) as ActivationName[]).map((name) => linearRow(name, true)),
  linearRow('linear', false),
  linearRow('gelu', false),
  [
    'layerNorm',
    (make, [B, T, D]) => ({
      inputs: [make.normal([B, T, D]), make.normal([D]), make.normal([D])],
      run: (x, gamma, beta) => layerNorm(x!, gamma as R1, beta as R1, 1e-2),
      composed: (x, gamma, beta) => layerNormComposed(x!, gamma as R1, beta as R1, 1e-2),
    }),
  ],
  [
    'rmsNorm',
    (make, [B, T, D]) => ({
      inputs: [make.normal([B, T, D]), make.normal([D])],
      run: (x, gamma) => rmsNorm(x!, gamma as R1, 1e-2),
      composed: (x, gamma) => rmsNormComposed(x!, gamma as R1, 1e-2),
    }),
  ],
  [
    'dropout',
    (make, [B, T, D]) => ({
      inputs: [make.normal([B, T, D])],
      run: (x) => dropout(x!, 0.3, 77 - D),
      composed: (x) => dropoutComposed(x!, 0.3, 77 - D),
    }),
  ],
  [
    'embedding',
    (make, [B, T, D]) => {
      const ids = make.below(5, [B, T]);
      return {
        inputs: [make.normal([5, D])],
        run: (table) => embedding(ids, table as R2),
        composed: (table) => embeddingComposed(ids, table as R2),
      };
    },
  ],
  [
    'embedding with positions',
    (make, [B, T, D]) => {
      const ids = make.below(5, [B, T]);
      return {
        inputs: [make.normal([5, D]), make.normal([T, D])],
        run: (table, positions) => embedding(ids, table as R2, positions as R2),
        composed: (table, positions) => embeddingComposed(ids, table as R2, positions as R2),
      };
    },
  ],
  attentionRow('of everything', {}),
  attentionRow('masked', { mask: true }),
  attentionRow('causal', { causal: true }),
  attentionRow('causal and masked, with dropout', { causal: true, mask: true, dropout: 0.3 }),
  attentionRow('with shared keys and wide values', { numKeyValueHeads: 2, wideValues: true }),
  attentionRow('with a bias', { bias: 'whole', mask: true }),
  attentionRow('with a repeated bias', { bias: 'repeated', numKeyValueHeads: 1 }),
  attentionRow('with a learned bias', { bias: 'repeated', learnedBias: true, causal: true }),
  selfAttentionRow('of everything', {}),
  selfAttentionRow('causal', { causal: true }),
  selfAttentionRow('causal and masked, with dropout', { causal: true, mask: true, dropout: 0.3 }),
  selfAttentionRow('with shared keys', { numKeyValueHeads: 2, mask: true }),
  pooledRow('maskedMean', maskedMean, maskedMeanComposed, true),
  pooledRow('maskedMean', maskedMean, maskedMeanComposed, false),
  pooledRow('maskedMax', maskedMax, maskedMaxComposed, true),
  pooledRow('maskedMax', maskedMax, maskedMaxComposed, false),
  rotaryRow(false),
  rotaryRow(true),
  rotaryRow(false, true),
  rotaryRow(true, true),
  crossEntropyRow(0, false),
  crossEntropyRow(0.1, true),
  [
    'softmaxCrossEntropy of distributions',
    (make, [B, T, D]) => {
      const settings = { labelSmoothing: 0.2, ignoreIndex: -100 };
      return {
        inputs: [make.normal([B * T, D]), make.uniform([B * T, D]), make.uniform([B * T])],
        run: (x, labels, weights) =>
          softmaxCrossEntropy(x as R2, labels as R2, { ...settings, weights: weights as R1 }),
        composed: (x, labels, weights) =>
          softmaxCrossEntropyComposed(x as R2, labels!, weights as R1, settings),
      };
    },
  ],
  [
    'sigmoidCrossEntropy',
    (make, [B, T, D]) => ({
      inputs: [make.awayFromCorners([B, T, D]), make.uniform([B, T, D])],
      run: (x, labels) => sigmoidCrossEntropy(x!, labels!),
      composed: (x, labels) => sigmoidCrossEntropyComposed(x!, labels!, undefined, 0),
    }),
  ],
  [
    'sigmoidCrossEntropy, weighted and smoothed',
    (make, [B, T, D]) => ({
      inputs: [make.awayFromCorners([B, T, D]), make.uniform([B, T, D]), make.uniform([T, 1])],
      run: (x, labels, weights) =>
        sigmoidCrossEntropy(x!, labels!, { weights, labelSmoothing: 0.1 }),
      composed: (x, labels, weights) => sigmoidCrossEntropyComposed(x!, labels!, weights, 0.1),
    }),
  ],
  [
    'recompute',
    (make, [B, T, D]) => {
      const mask = make.mask([B, T]);
      const parts = (x: tf.Tensor, kernel: tf.Tensor, counts: tf.Tensor) => {
        const y = tf.mul(tf.tanh(linear(x, kernel as R2)), x);
        return [maskedMean(y as R3, counts as R2), tf.sum(y, 1)];
      };
      // x is used beside, too.
      const join = ([mean, sum]: tf.Tensor[], x: tf.Tensor) =>
        tf.add(mean!, tf.mul(sum!, tf.max(x, 1)));
      return {
        inputs: [make.distinct([B, T, D]), make.normal([D, D])],
        run: (x, kernel) =>
          tf.tidy(() => {
            const run = ({ x, mask }: { x: tf.Tensor; mask: R2 }) => parts(x, kernel!, mask);
            return join(recompute(run, { x: x!, mask }), x!);
          }),
        composed: (x, kernel) => tf.tidy(() => join(parts(x!, kernel!, mask), x!)),
      };
    },
  ],
];
