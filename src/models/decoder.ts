import * as tf from '@tensorflow/tfjs-core';
import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError } from '../core/errors.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { embedding } from '../kernels/embedding.ts';
import { linear } from '../kernels/linear.ts';
import { dropWhileTraining, type ForwardContext } from '../layers/forwardContext.ts';
import { attentionBlock, feedForwardBlock, normalize } from '../layers/transformerBlocks.ts';
import { checkTokenBatch } from './checkTokenBatch.ts';
import {
  DecodeCache,
  type DecodeCacheOptions,
  PROMPT_ROWS,
  parseDecodeCacheOptions,
} from './decodeCache.ts';
import { type DecoderConfig, type DecoderOptions, parseDecoderConfig } from './decoderConfig.ts';
import { decoderKernel } from './decoderKernel.ts';
import {
  type DecoderWeights,
  decoderFile,
  decoderParameters,
  decoderWeights,
} from './decoderParameters.ts';
import { OwnCaches } from './ownCaches.ts';
import { ParameterStore, type StartingWeights } from './parameterStore.ts';
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
 * @param weights a seed to draw them from, the same seed giving the same weights in every runtime,
 *   or those of a file.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`; `INVALID_FILE` for weights that do
 *   not fit.
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
  readonly #caches = new OwnCaches('Decoder', 'decoder');

  constructor(options: DecoderOptions, weights: StartingWeights) {
    this.config = parseDecoderConfig(options);
    const { initializerRange: range, headDim, maxPositionEmbeddings, ropeTheta } = this.config;
    this.#store = new ParameterStore(
      decoderParameters(this.config),
      { scheme: 'normal', range },
      typeof weights === 'number' ? weights : decoderFile(this.config, weights),
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

  /**
   * Room for the keys and values of sequences that are decoded token by token, allocated once.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` for more tokens than the model has positions,
   * `OUT_OF_MEMORY`, `ENGINE` where another backend than the engine's is in use.
   */
  createCache(options: DecodeCacheOptions = {}): DecodeCache {
    this.#caches.checkAlive('createCache');
    const { maxPositionEmbeddings, vocabSize } = this.config;
    const { batchSize, maxLength } = parseDecodeCacheOptions(options, maxPositionEmbeddings);
    const rows = Math.max(batchSize, PROMPT_ROWS);
    const room = { slots: batchSize, capacity: maxLength, rows };
    const kernel = decoderKernel(this.config, this.#weights, room);
    const cache = new DecodeCache(kernel, vocabSize, batchSize, maxLength);
    return this.#caches.add(cache);
  }

  /**
   * Appends a prompt to each row of a cache; in an empty cache there are as many rows as prompts.
   * Prompts are lists of token ids of any length, without padding: each row has its own positions.
   *
   * @param prompts token ids, at least one for each row.
   * @returns (rows, V) logits of the token after each prompt. A view: the next call on the cache
   * writes to it.
   * @throws AnyformerError `INVALID_ARGUMENT` for prompts that do not fit; nothing has changed then.
   *
   * @example
   * using cache = decoder.createCache({ batchSize: 2, maxLength: 64 });
   * let logits = decoder.prefill([[5, 17, 23], [9]], cache);
   * logits = decoder.step([4, 8], cache);
   */
  prefill(prompts: readonly ArrayLike<number>[], cache: DecodeCache): Float32Array {
    return this.#caches.checked(cache, 'prefill').prefill(prompts);
  }

  /**
   * Appends one token to each row of a cache.
   *
   * @param ids a token for each row.
   * @returns as of `prefill`.
   * @throws AnyformerError `INVALID_ARGUMENT` when a row is full or an id is no token; nothing has
   * changed then.
   */
  step(ids: ArrayLike<number>, cache: DecodeCache): Float32Array {
    return this.#caches.checked(cache, 'step').step(ids);
  }

  /** The weights as a model.safetensors has them. */
  toSafetensors(): Map<string, SafeTensor> {
    return this.#store.toSafetensors();
  }

  /** @throws AnyformerError `INVALID_FILE` when it does not fit; nothing has changed then. */
  loadSafetensors(tensors: ReadonlyMap<string, SafeTensor>, file = 'model.safetensors'): void {
    this.#store.loadSafetensors(decoderFile(this.config, { tensors, file }).tensors, file);
  }

  /** Its caches are of no use then; they are disposed of apart. */
  dispose(): void {
    this.#caches.dispose();
    this.#store.dispose();
    this.#rotary?.dispose();
  }

  [disposeSymbol](): void {
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
    gradientCheckpointing: options.gradientCheckpointing ?? false,
    mask: batch.attentionMask,
    rotary: rotary && { ...rotary.upTo(positions), positions: batch.positionIds },
  };
  const hiddenStates: tf.Tensor3D[] = [];

  let x = embed(config, weights, batch, options); // (B, T, D)
  for (const { attention, feedForward } of weights.blocks) {
    if (options.outputHiddenStates) hiddenStates.push(tf.clone(x));
    const attended = attentionBlock(x, attention, block).output; // x = x + attention(norm(x))
    const y = feedForwardBlock(attended, feedForward, block); // x = x + mlp(norm(x))
    // The tidy around the forward pass would keep them for as long as that takes.
    tf.dispose([x, attended]);
    x = y;
  }
  x = normalize(x, weights.finalNorm, config.normEps);
  hiddenStates.push(x);
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
