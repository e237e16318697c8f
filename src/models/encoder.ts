import * as tf from '@tensorflow/tfjs-core';
import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError } from '../core/errors.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { embedding } from '../kernels/embedding.ts';
import { linear } from '../kernels/linear.ts';
import { maskedMax } from '../kernels/maskedMax.ts';
import { maskedMean } from '../kernels/maskedMean.ts';
import { dropWhileTraining, type ForwardContext } from '../layers/forwardContext.ts';
import { attentionBlock, feedForwardBlock, normalize } from '../layers/transformerBlocks.ts';
import { checkTokenBatch } from './checkTokenBatch.ts';
import { type EncoderConfig, type EncoderOptions, parseEncoderConfig } from './encoderConfig.ts';
import {
  type EncoderWeights,
  encoderInitialization,
  encoderParameters,
  encoderWeights,
} from './encoderParameters.ts';
import { ParameterStore, type StartingWeights } from './parameterStore.ts';

/** A batch of token ids. */
export interface EncoderBatch {
  /** (B, T) int32 */
  readonly inputIds: tf.Tensor2D;
  /** (B, T), nonzero = a real token. Default: all are. */
  readonly attentionMask?: tf.Tensor2D | undefined;
  /** (B, T) int32, which segment a token belongs to. Default: all 0. */
  readonly tokenTypeIds?: tf.Tensor2D | undefined;
}

export interface EncoderForwardOptions extends ForwardContext {
  /** Whether to return the embeddings and the output of each block. Default: false. */
  readonly outputHiddenStates?: boolean;
  /** Whether to return the attention probabilities of each block. Default: false. */
  readonly outputAttentions?: boolean;
}

export type EncoderOutput = {
  /** (B, T, D) */
  lastHiddenState: tf.Tensor3D;
  /** (B, D), one vector for each sequence. */
  pooled: tf.Tensor2D;
  /** numHiddenLayers + 1 of (B, T, D), where asked for. */
  hiddenStates?: tf.Tensor3D[];
  /** numHiddenLayers of (B, H, T, T), where asked for. */
  attentions?: tf.Tensor4D[];
};

/**
 * A Transformer encoder: token ids in, a vector for each token and one for each sequence out.
 *
 * Type 'bert' is Hugging Face's BertModel, number for number. Type 'transformer' has less around
 * the blocks: embeddings without a norm, and the mean of the real tokens for the sequence.
 *
 * @param options see {@link EncoderOptions}.
 * @param weights a seed to draw them from, the same seed giving the same weights in every runtime,
 *   or those of a file.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`; `INVALID_FILE` for weights that do
 *   not fit.
 *
 * @example
 * await createEngine();
 * const encoder = new Encoder({ vocabSize: 20000, hiddenSize: 64, numAttentionHeads: 4 }, 42);
 * const { pooled } = encoder.forward({ inputIds }, { training: false, seeds: new SeedStream(0) });
 *
 * @see Vaswani et al., Attention Is All You Need; Devlin et al., BERT.
 */
export class Encoder {
  readonly config: EncoderConfig;
  readonly #store: ParameterStore;
  readonly #weights: EncoderWeights;

  constructor(options: EncoderOptions, weights: StartingWeights) {
    this.config = parseEncoderConfig(options);
    const initialization = encoderInitialization(this.config);
    this.#store = new ParameterStore(encoderParameters(this.config), initialization, weights);
    this.#weights = encoderWeights(this.config, this.#store);
  }

  /** By the names they are saved with, in fixed order; kernels are (in, out) here. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#store.variables;
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit the model. */
  forward(batch: EncoderBatch, options: EncoderForwardOptions): EncoderOutput {
    return tf.tidy(() => encode(this.config, this.#weights, batch, options));
  }

  /** The weights as a model.safetensors has them. */
  toSafetensors(): Map<string, SafeTensor> {
    return this.#store.toSafetensors();
  }

  /** @throws AnyformerError `INVALID_FILE` when it does not fit; nothing has changed then. */
  loadSafetensors(tensors: ReadonlyMap<string, SafeTensor>, file = 'model.safetensors'): void {
    this.#store.loadSafetensors(tensors, file);
  }

  dispose(): void {
    this.#store.dispose();
  }

  [disposeSymbol](): void {
    this.dispose();
  }
}

/** The forward pass. Call it in a `tf.tidy`. */
export function encode(
  config: EncoderConfig,
  weights: EncoderWeights,
  batch: EncoderBatch,
  options: EncoderForwardOptions,
): EncoderOutput {
  checkBatch(config, batch);
  const block = {
    ...blockOptions(config),
    training: options.training,
    seeds: options.seeds,
    gradientCheckpointing: options.gradientCheckpointing ?? false,
    mask: batch.attentionMask,
    returnProbabilities: options.outputAttentions ?? false,
  };
  const hiddenStates: tf.Tensor3D[] = [];
  const attentions: tf.Tensor4D[] = [];

  let x = embed(config, weights, batch, options); // (B, T, D)
  for (const { attention, feedForward } of weights.blocks) {
    if (options.outputHiddenStates) hiddenStates.push(tf.clone(x));
    const attended = attentionBlock(x, attention, block); // x = norm(x + attention(x))
    const y = feedForwardBlock(attended.output, feedForward, block); // x = norm(x + mlp(x))
    if (attended.probabilities) attentions.push(attended.probabilities);
    // The tidy around the forward pass would keep them for as long as that takes.
    tf.dispose([x, attended.output]);
    x = y;
  }
  if (weights.finalNorm) {
    x = normalize(x, weights.finalNorm, config.layerNormEps);
  }
  hiddenStates.push(x);
  return {
    lastHiddenState: x,
    pooled: pool(config, weights, x, batch.attentionMask),
    ...(options.outputHiddenStates && { hiddenStates }),
    ...(options.outputAttentions && { attentions }),
  };
}

function blockOptions(config: EncoderConfig) {
  return {
    numHeads: config.numAttentionHeads,
    dropout: config.attentionProbsDropoutProb,
    hiddenDropout: config.hiddenDropoutProb,
    activation: config.hiddenAct,
    epsilon: config.layerNormEps,
    normalizeFirst: config.normalizeFirst,
  };
}

/** word + position + segment, normalized in BERT. (B, T) -> (B, T, D) */
function embed(
  config: EncoderConfig,
  { words, positions, tokenTypes, embeddingNorm }: EncoderWeights,
  { inputIds, tokenTypeIds }: EncoderBatch,
  context: ForwardContext,
): tf.Tensor3D {
  const steps = inputIds.shape[1];
  // (T, D), and no copy of a table that is used to its end.
  let places = positions.shape[0] === steps ? positions : tf.slice(positions, 0, steps);
  // Without ids all tokens are of segment 0, whose row goes along with the places.
  if (tokenTypes && !tokenTypeIds) places = tf.add(places, tf.slice(tokenTypes, 0, 1));
  let x = embedding(inputIds, words, places) as tf.Tensor3D; // (B, T, D)
  if (tokenTypes && tokenTypeIds) x = tf.add(x, embedding(tokenTypeIds, tokenTypes));
  if (embeddingNorm) {
    x = normalize(x, embeddingNorm, config.layerNormEps);
  }
  return dropWhileTraining(x, config.hiddenDropoutProb, context);
}

/** (B, T, D) -> (B, D) */
function pool(
  config: EncoderConfig,
  { pooler }: EncoderWeights,
  x: tf.Tensor3D,
  mask: tf.Tensor2D | undefined,
): tf.Tensor2D {
  if (config.pooling === 'mean') return maskedMean(x, mask);
  if (config.pooling === 'max') return maskedMax(x, mask);
  const [batch, , width] = x.shape;
  const first = tf.reshape(tf.slice(x, [0, 0, 0], [batch, 1, width]), [batch, width]); // (B, D)
  if (pooler === undefined) return first as tf.Tensor2D;
  return linear(first, pooler.kernel, pooler.bias, 'tanh') as tf.Tensor2D;
}

function checkBatch(config: EncoderConfig, batch: EncoderBatch): void {
  const { inputIds, attentionMask, tokenTypeIds } = batch;
  checkTokenBatch(inputIds, config.maxPositionEmbeddings, { attentionMask, tokenTypeIds });
  if (tokenTypeIds && config.typeVocabSize === 0) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      'tokenTypeIds were given to a model with typeVocabSize 0; leave them out.',
    );
  }
}
