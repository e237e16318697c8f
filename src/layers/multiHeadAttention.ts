import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { fraction, positiveInteger } from '../core/options.ts';
import { attend } from './attend.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  initializerEntry,
  type LayerCallOptions,
  layerSchema,
  NO_MASK,
  parseLayerArgs,
  shapesOf,
  tensorsOf,
} from './baseLayer.ts';
import type { AttentionWeights } from './blockWeights.ts';
import { checkKeyValueHeads } from './headCount.ts';
import { type InitializerOption, initializerConfig } from './weightInitializer.ts';

export interface MultiHeadAttentionArgs extends BaseLayerArgs {
  /** Number of query heads, H. */
  numHeads: number;
  /** Width of each query and key head, d. */
  keyDim: number;
  /** Width of each value head. Default: `keyDim`. */
  valueDim?: number;
  /** Heads of keys and values, each shared by numHeads / numKeyValueHeads queries. Default: `numHeads`. */
  numKeyValueHeads?: number;
  /** Rate for the attention probabilities. Default: 0. */
  dropout?: number;
  /** Whether the linear maps have biases. Default: true. */
  useBias?: boolean;
  /** Whether a position sees only itself and what stands before it. Default: false. */
  useCausalMask?: boolean;
  /** Whether the layer gives [output, probabilities (B, H, T, S)]. Default: false. */
  returnAttentionScores?: boolean;
  /** Default: 'glorotUniform'. */
  kernelInitializer?: InitializerOption;
  /** Default: 'zeros'. */
  biasInitializer?: InitializerOption;
}

export interface MultiHeadAttentionCallOptions extends LayerCallOptions {
  /** (B, S), nonzero = a real token of the value's sequence. `paddingMask` is the query's. */
  readonly valueMask?: tf.Tensor | undefined;
  /** (B, T, S), (1, T, S) or (T, S), nonzero = this query may attend to this key. */
  readonly attentionMask?: tf.Tensor | undefined;
}

const schema = layerSchema({
  numHeads: positiveInteger,
  keyDim: positiveInteger,
  valueDim: v.optional(positiveInteger),
  numKeyValueHeads: v.optional(positiveInteger),
  dropout: v.optional(fraction, 0),
  useBias: v.optional(v.boolean('true or false'), true),
  useCausalMask: v.optional(v.boolean('true or false'), false),
  returnAttentionScores: v.optional(v.boolean('true or false'), false),
  kernelInitializer: initializerEntry('glorotUniform'),
  biasInitializer: initializerEntry('zeros'),
});

/**
 * Multi-head attention: softmax(q kᵀ / sqrt(keyDim)) v for each head, between linear maps.
 *
 * Takes [query (B, T, D), value (B, S, Dv)] or [query, value, key], or one sequence that attends to
 * itself, and gives (B, T, D). With fewer `numKeyValueHeads` it is grouped-query attention.
 * Call options: `training`, `seeds`, `paddingMask`, `valueMask`, `attentionMask`.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` when `numKeyValueHeads` does not divide `numHeads`.
 *
 * @example
 * const attention = multiHeadAttention({ numHeads: 8, keyDim: 32, useCausalMask: true });
 * const attended = attention.apply([query, value]);
 *
 * @see Vaswani et al., Attention Is All You Need; Keras's layer, with the heads of each kernel side
 * by side in its columns: (D, numHeads * keyDim).
 */
export class MultiHeadAttention extends BaseLayer {
  static readonly className = 'MultiHeadAttention';
  readonly #options: v.InferOutput<typeof schema> & { valueDim: number; numKeyValueHeads: number };
  #weights!: AttentionWeights;

  constructor(args: MultiHeadAttentionArgs) {
    const parsed = parseLayerArgs('multiHeadAttention', schema, args);
    const { valueDim = parsed.keyDim, numKeyValueHeads = parsed.numHeads } = parsed;
    checkKeyValueHeads(numKeyValueHeads, parsed.numHeads, {
      keyValueHeads: 'numKeyValueHeads',
      heads: 'numHeads',
    });
    super(parsed as BaseLayerArgs);
    this.#options = { ...parsed, valueDim, numKeyValueHeads };
  }

  override build(inputShape: Shape | Shape[]): void {
    const [query, value = query, key = value] = shapesOf(inputShape) as [Shape, Shape?, Shape?];
    const { numHeads, numKeyValueHeads, keyDim, valueDim } = this.#options;
    const width = this.widthOf(query);
    const linear = (part: keyof AttentionWeights, inputs: number, outputs: number) =>
      this.addLinear(part, [inputs, outputs], this.#options);
    this.#weights = {
      query: linear('query', width, numHeads * keyDim),
      key: linear('key', this.widthOf(key), numKeyValueHeads * keyDim),
      value: linear('value', this.widthOf(value), numKeyValueHeads * valueDim),
      output: linear('output', numHeads * valueDim, width),
    };
    this.inputSpec = shapesOf(inputShape).map(() => ({ ndim: 3 }));
    this.built = true;
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: MultiHeadAttentionCallOptions,
  ): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      const [query, value = query, key = value] = tensorsOf(inputs) as [
        tf.Tensor3D,
        tf.Tensor3D?,
        tf.Tensor3D?,
      ];
      const { numHeads, numKeyValueHeads, dropout, useCausalMask } = this.#options;
      const { output, probabilities } = attend(query, key, value, this.#weights, {
        ...this.forwardContext(kwargs),
        numHeads,
        numKeyValueHeads,
        dropout,
        causal: useCausalMask,
        mask: this.#maskOfKeys(query, value, kwargs),
        bias: this.#biasOf(query, value, kwargs.attentionMask),
        returnProbabilities: this.#options.returnAttentionScores,
      });
      return probabilities ? [output, probabilities] : output;
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const [query, value = query] = shapesOf(inputShape) as [Shape, Shape?];
    if (!this.#options.returnAttentionScores) return query;
    return [query, [query[0]!, this.#options.numHeads, query[1]!, value[1]!]];
  }

  override computeMask(
    inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    const [ofOutput] = tensorsOf(super.computeMask(inputs, mask));
    return this.#options.returnAttentionScores ? [ofOutput!, NO_MASK] : ofOutput!;
  }

  override getConfig() {
    const { numHeads, keyDim, valueDim, numKeyValueHeads, dropout, useBias } = this.#options;
    const { useCausalMask, returnAttentionScores } = this.#options;
    return {
      ...super.getConfig(),
      numHeads,
      keyDim,
      valueDim,
      numKeyValueHeads,
      dropout,
      useBias,
      useCausalMask,
      returnAttentionScores,
      kernelInitializer: initializerConfig(this.#options.kernelInitializer),
      biasInitializer: initializerConfig(this.#options.biasInitializer),
    };
  }

  /** The mask of the sequence attended to; tfjs-layers itself hands on the query's only. */
  #maskOfKeys(query: tf.Tensor, value: tf.Tensor, kwargs: MultiHeadAttentionCallOptions) {
    if (value !== query) return this.maskOf(value, { paddingMask: kwargs.valueMask });
    return this.maskOf(query, { ...kwargs, paddingMask: kwargs.valueMask ?? kwargs.paddingMask });
  }

  /** What `attentionMask` adds to the scores: 0 where attention is allowed, else a large negative. */
  #biasOf(
    query: tf.Tensor3D,
    value: tf.Tensor3D,
    mask: tf.Tensor | undefined,
  ): tf.Tensor4D | undefined {
    if (mask === undefined) return undefined;
    const [batch, steps] = query.shape;
    const keys = value.shape[1];
    const [b, t, s] = mask.rank === 2 ? [1, ...mask.shape] : mask.shape;
    if (mask.rank > 3 || (b !== 1 && b !== batch) || t !== steps || s !== keys) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${this.name}: attentionMask must have the shape (${batch}, ${steps}, ${keys}), ` +
          `(1, ${steps}, ${keys}) or (${steps}, ${keys}), received (${mask.shape.join(', ')}).`,
      );
    }
    const hidden = tf.cast(tf.equal(tf.cast(mask, 'float32'), 0), 'float32');
    return tf.reshape(tf.mul(hidden, MASKED), [b!, 1, steps, keys]); // (B or 1, 1, T, S)
  }
}

/** e to this is 0 in float32, and adding a score to it cannot overflow. */
const MASKED = -1e30;

/** Makes a {@link MultiHeadAttention}. */
export function multiHeadAttention(args: MultiHeadAttentionArgs): MultiHeadAttention {
  return new MultiHeadAttention(args);
}
