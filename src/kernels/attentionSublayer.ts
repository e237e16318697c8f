import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { AnyformerBackend } from '../engine/backend.ts';
import type { AttentionSettings, AttentionSizes } from './attentionSizes.ts';
import { type Compute, canRun, isRecording, newKernel, runKernel } from './kernelDefinition.ts';
import { runAttention } from './runAttention.ts';
import { runLinear } from './runLinear.ts';
import { runSublayer, type SublayerEnd, type SublayerSettings } from './runSublayer.ts';
import { fusedParts, fusedSizes } from './selfAttention.ts';
import { shapeChecks } from './shapes.ts';

const ATTENTION_SUBLAYER = 'AttentionSublayer';

/** The tensors of a sequence's attention to itself, with its residual connection and its norm. */
export interface AttentionSublayerTensors<Tensor = tf.Tensor> extends SublayerEnd<Tensor> {
  /** (B, T, D) */
  readonly x: Tensor;
  /** (B, T), nonzero = may be attended to. Default: everything. */
  readonly mask?: Tensor | undefined;
  /** (D, H*d), or (D, (H + 2 Hkv) d) for queries, keys and values at once. */
  readonly query: Tensor;
  readonly queryBias?: Tensor | undefined;
  /** (D, Hkv*d); left out with `value` where `query` is for all three. */
  readonly key?: Tensor | undefined;
  readonly keyBias?: Tensor | undefined;
  /** (D, Hkv*d) */
  readonly value?: Tensor | undefined;
  readonly valueBias?: Tensor | undefined;
}

export type AttentionSublayerSettings = SublayerSettings & {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly causal: boolean;
};

/**
 * x + attention(norm(x)), or norm(x + attention(x)), in one call and with no tensor between its
 * parts, to the bits of the operations it is made of: `linear`, `scaledDotProductAttention` or
 * `selfAttention`, `add`, `layerNorm` or `rmsNorm`. For prediction: it has no gradient.
 *
 * @returns (B, T, D), or undefined where those have to be used: while a gradient is recorded, and on
 *   backends without our kernels.
 * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit; `OUT_OF_MEMORY`.
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.1; Xiong et al. (2020) for the
 * norm before.
 */
export function attentionSublayer(
  tensors: AttentionSublayerTensors,
  settings: AttentionSublayerSettings,
): tf.Tensor3D | undefined {
  const { mask, ...floats } = tensors;
  if (isRecording() || !canRun(ATTENTION_SUBLAYER, ...Object.values(floats))) return undefined;
  checkShapes(tensors, settings);
  return tf.tidy(() => {
    const isKept = mask && tf.notEqual(mask, tf.zerosLike(mask));
    const inputs = { ...tensors, mask: isKept } as unknown as Record<string, tf.Tensor>;
    return runKernel<tf.Tensor3D>(ATTENTION_SUBLAYER, inputs, settings);
  });
}

function checkShapes(
  tensors: AttentionSublayerTensors,
  { numHeads, numKeyValueHeads }: Heads,
): void {
  const { x, query, key, value } = tensors;
  if ((key === undefined) !== (value === undefined)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      'attentionSublayer: key and value come together; leave out both where query is for all three.',
    );
  }
  const check = shapeChecks('attentionSublayer', tensors);
  check('x', [-1, -1, -1]);
  const [B, T, D] = x.shape as [number, number, number];
  check('mask', [B, T]);
  check('query', [D, -1]);
  const width = query.shape[1]!;
  const headDim = width / (key ? numHeads : numHeads + 2 * numKeyValueHeads);
  check('queryBias', [width]);
  for (const name of ['key', 'value'] as const) {
    check(name, [D, numKeyValueHeads * headDim]);
    check(`${name}Bias`, [numKeyValueHeads * headDim]);
  }
  check('output', [numHeads * headDim, D]);
  for (const name of ['outputBias', 'gamma', 'beta'] as const) check(name, [D]);
}

type Heads = Pick<AttentionSublayerSettings, 'numHeads' | 'numKeyValueHeads'>;

type Inputs = AttentionSublayerTensors<tf.TensorInfo>;

const forward: Compute<Inputs, AttentionSublayerSettings> = ({ inputs, attrs, backend }) => {
  const { x, gamma, beta } = inputs;
  const { epsilon, normalizeFirst } = attrs;
  const [B, T] = x.shape as [number, number];
  const attention = planAttention(inputs, attrs);
  const { output, outputBias } = inputs;
  return runSublayer(backend, {
    ...{ x, norm: { gamma, beta, epsilon }, normalizeFirst },
    places: [
      ...attention.projections.map(({ kernel }) => B * T * kernel.shape[1]!),
      attention.size,
    ],
    inner: (from, change, places) => {
      const mixed = places.at(-1)!;
      attention.projections.forEach((projection, i) => {
        runLinear(backend, B * T, projection, { x: from, y: places[i]! });
      });
      attention.run(backend, places, mixed);
      runLinear(backend, B * T, { kernel: output, bias: outputBias }, { x: mixed, y: change });
    },
  });
};

/** The maps before the attention, and the attention of what they give to `mixed` (B, T, H*d). */
function planAttention(inputs: Inputs, attrs: AttentionSublayerSettings) {
  const { x, mask, query, queryBias, key, keyBias, value, valueBias } = inputs;
  const [B, T] = x.shape as [number, number];
  const first = { kernel: query, bias: queryBias };
  const isFused = key === undefined || value === undefined;
  const sizes = isFused
    ? fusedSizes([B, T, query.shape[1]!], attrs)
    : separateSizes([B, T], query.shape[1]!, key.shape[1]!, attrs);
  const settings: AttentionSettings = {
    ...attrs,
    ...{ dropout: 0, seed: 0, scale: 1 / Math.sqrt(sizes.headDim) },
  };
  return {
    projections: isFused
      ? [first]
      : [first, { kernel: key, bias: keyBias }, { kernel: value, bias: valueBias }],
    size: B * sizes.strides.output[1],
    run: (backend: AnyformerBackend, places: readonly number[], mixed: number) => {
      const parts = isFused
        ? fusedParts(places[0]!, sizes, attrs)
        : { query: places[0]!, key: places[1]!, value: places[2]! };
      const masked = mask ? backend.pointer(mask) : 0;
      runAttention(backend, { ...parts, output: mixed, mask: masked }, sizes, settings);
    },
  };
}

function separateSizes(
  [B, T]: readonly [number, number],
  width: number,
  keyWidth: number,
  { numHeads }: AttentionSublayerSettings,
): AttentionSizes {
  const headDim = width / numHeads;
  const [wide, narrow] = [width, keyWidth].map((row) => [row, T * row] as const);
  return {
    ...{ B, queryLength: T, keyLength: T, headDim, valueDim: headDim },
    strides: { query: wide!, key: narrow!, value: narrow!, output: wide! },
  };
}

export const attentionSublayerKernel = newKernel(ATTENTION_SUBLAYER, forward);
