import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { embedding } from '../kernels/embedding.ts';
import { linear } from '../kernels/linear.ts';
import { dropWhileTraining, type ForwardContext } from '../layers/forwardContext.ts';
import { attentionBlock, feedForwardBlock, normalize } from '../layers/transformerBlocks.ts';
import { checkTokenBatch } from './checkTokenBatch.ts';
import { type DecoderConfig, type DecoderOptions, parseDecoderConfig } from './decoderConfig.ts';
import {
  type DecoderWeights,
  decoderParameters,
  decoderTensors,
  decoderWeights,
} from './decoderParameters.ts';
import { ParameterStore } from './parameterStore.ts';
import { RotaryPositions } from './rotaryPositions.ts';

/** A batch of token ids. */
export interface DecoderBatch {
  /** (B, T) int32 */
  readonly inputIds: tf.Tensor2D;
  /** (B, T), nonzero = a real token. Default: all are. */
  readonly attentionMask?: tf.Tensor2D | undefined;
  /** (B, T) int32. Default: place t has position t, whatever the mask says. */
  readonly positionIds?: tf.Tensor2D | undefined;
}

export interface DecoderForwardOptions extends ForwardContext {
  /** Whether to return the embeddings and the output of each block. Default: false. */
  readonly outputHiddenStates?: boolean;
}

export type DecoderOutput = {
  /** (B, T, V), the scores of each token as the next one, before softmax. */
  logits: tf.Tensor3D;
  /** (B, T, D), normalized. */
  lastHiddenState: tf.Tensor3D;
  /** numHiddenLayers + 1 of (B, T, D), where asked for; the last is `lastHiddenState`. */
  hiddenStates?: tf.Tensor3D[];
};

/**
 * A Transformer decoder: token ids in, the scores of the next token at each place out.
 *
 * Type 'gpt2' is Hugging Face's GPT2LMHeadModel and 'llama' its LlamaForCausalLM, number for number.
 *
 * @param options see {@link DecoderOptions}.
 * @param seed of the initial weights: the same seed gives the same weights in every runtime.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 *
 * @example
 * await createEngine();
 * const decoder = new Decoder({ vocabSize: 65, hiddenSize: 128, numAttentionHeads: 4 }, 42);
 * const { logits } = decoder.forward({ inputIds }, { training: false, seeds: new SeedStream(0) });
 *
 * @see Radford et al., Language Models are Unsupervised Multitask Learners; Touvron et al., LLaMA.
 */
export class Decoder {
  readonly config: DecoderConfig;
  readonly #store: ParameterStore;
  readonly #weights: DecoderWeights;
  readonly #rotary: RotaryPositions | undefined;

  constructor(options: DecoderOptions, seed: number) {
    this.config = parseDecoderConfig(options);
    const { initializerRange: range, headDim, maxPositionEmbeddings, ropeTheta } = this.config;
    this.#store = new ParameterStore(
      decoderParameters(this.config),
      { scheme: 'normal', range },
      seed,
    );
    this.#weights = decoderWeights(this.config, this.#store);
    if (ropeTheta) this.#rotary = new RotaryPositions(headDim, ropeTheta, maxPositionEmbeddings);
  }

  /** By the names they are saved with, in fixed order; kernels are (in, out) here. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#store.variables;
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit the model. */
  forward(batch: DecoderBatch, options: DecoderForwardOptions): DecoderOutput {
    return tf.tidy(() => decode(this.config, this.#weights, this.#rotary, batch, options));
  }

  /** The weights as a model.safetensors has them. */
  toSafetensors(): Map<string, SafeTensor> {
    return this.#store.toSafetensors();
  }

  /** @throws AnyformerError `INVALID_FILE` when it does not fit; nothing has changed then. */
  loadSafetensors(tensors: ReadonlyMap<string, SafeTensor>, file = 'model.safetensors'): void {
    this.#store.loadSafetensors(decoderTensors(this.config, tensors), file);
  }

  dispose(): void {
    this.#store.dispose();
    this.#rotary?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The forward pass. Call it in a `tf.tidy`. */
function decode(
  config: DecoderConfig,
  weights: DecoderWeights,
  rotary: RotaryPositions | undefined,
  batch: DecoderBatch,
  options: DecoderForwardOptions,
): DecoderOutput {
  const positions = countPositions(config, batch);
  const block = {
    ...blockOptions(config),
    training: options.training,
    seeds: options.seeds,
    mask: batch.attentionMask,
    rotary: rotary && { ...rotary.upTo(positions), positions: batch.positionIds },
  };
  const hiddenStates: tf.Tensor3D[] = [];

  let x = embed(config, weights, batch, options); // (B, T, D)
  hiddenStates.push(x);
  for (const { attention, feedForward } of weights.blocks) {
    x = attentionBlock(x, attention, block).output; // x = x + attention(norm(x))
    x = feedForwardBlock(x, feedForward, block); // x = x + mlp(norm(x))
    hiddenStates.push(x);
  }
  x = normalize(x, weights.finalNorm, config.normEps);
  hiddenStates[hiddenStates.length - 1] = x;
  return {
    logits: score(weights, x),
    lastHiddenState: x,
    ...(options.outputHiddenStates && { hiddenStates }),
  };
}

function blockOptions(config: DecoderConfig) {
  return {
    numHeads: config.numAttentionHeads,
    numKeyValueHeads: config.numKeyValueHeads,
    causal: true,
    dropout: config.attentionDropout,
    hiddenDropout: config.residualDropout,
    activation: config.hiddenAct,
    epsilon: config.normEps,
    normalizeFirst: true,
  };
}

/** The words, and their positions where those are learned. (B, T) -> (B, T, D) */
function embed(
  config: DecoderConfig,
  { words, positions }: DecoderWeights,
  { inputIds, positionIds }: DecoderBatch,
  context: ForwardContext,
): tf.Tensor3D {
  const places =
    positions && !positionIds // (T, D)
      ? tf.slice(positions, [0, 0], [inputIds.shape[1], config.hiddenSize])
      : undefined;
  let x = embedding(inputIds, words, places) as tf.Tensor3D; // (B, T, D)
  if (positions && positionIds) x = tf.add(x, embedding(positionIds, positions));
  return dropWhileTraining(x, config.embeddingDropout, context);
}

/** (B, T, D) -> (B, T, V) */
function score({ words, head }: DecoderWeights, x: tf.Tensor3D): tf.Tensor3D {
  if (head) return linear(x, head) as tf.Tensor3D;
  const [batch, steps, width] = x.shape;
  const rows = tf.reshape(x, [batch * steps, width]); // (B*T, D)
  return tf.reshape(tf.matMul(rows, words, false, true), [batch, steps, words.shape[0]]);
}

/** Checks the batch. @returns the number of positions it takes. */
function countPositions(config: DecoderConfig, batch: DecoderBatch): number {
  const { inputIds, attentionMask, positionIds } = batch;
  const { maxPositionEmbeddings } = config;
  checkTokenBatch(inputIds, maxPositionEmbeddings, { attentionMask, positionIds });
  if (!positionIds) return inputIds.shape[1];
  let last = 0;
  for (const position of positionIds.dataSync()) {
    last = Math.max(last, position);
    if (position >= 0 && position < maxPositionEmbeddings) continue;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `positionIds has the position ${position}; the model's go from 0 to ${maxPositionEmbeddings - 1}.`,
    );
  }
  return last + 1;
}
