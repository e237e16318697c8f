import * as tf from '@tensorflow/tfjs-core';
import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError } from '../core/errors.ts';
import { SeedStream } from '../core/random.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { embedding } from '../kernels/embedding.ts';
import type { FusedDecoder } from '../kernels/fusedDecoder.ts';
import { linear } from '../kernels/linear.ts';
import { dropWhileTraining, type ForwardContext } from '../layers/forwardContext.ts';
import {
  attentionBlock,
  crossAttentionBlock,
  feedForwardBlock,
  normalize,
} from '../layers/transformerBlocks.ts';
import { checkSameBatch, checkTokenBatch } from './checkTokenBatch.ts';
import { crossDecoderKernel } from './crossDecoderKernel.ts';
import { DecodeCache, type DecodeCacheOptions, parseDecodeCacheOptions } from './decodeCache.ts';
import {
  type EncoderDecoderConfig,
  type EncoderDecoderOptions,
  parseEncoderDecoderConfig,
} from './encoderDecoderConfig.ts';
import {
  type EncoderDecoderWeights,
  encoderDecoderFile,
  encoderDecoderInitialization,
  encoderDecoderParameters,
  encoderDecoderWeights,
  firstPlace,
  type StackWeights,
} from './encoderDecoderParameters.ts';
import { OwnCaches } from './ownCaches.ts';
import { padSources, type SourceBatch } from './padSources.ts';
import { ParameterStore, type StartingWeights } from './parameterStore.ts';
import { SinePositions } from './sinePositions.ts';

/** Sources with what is to come out of them. */
export interface EncoderDecoderBatch extends SourceBatch {
  /** (B, T) int32: the start token and the target so far. Padding is to stand behind. */
  readonly decoderInputIds: tf.Tensor2D;
}

export type EncoderDecoderOutput = {
  /** (B, T, V), the scores of each token as the next one, before softmax. */
  logits: tf.Tensor3D;
  /** (B, S, D) */
  encoderLastHiddenState: tf.Tensor3D;
  /** (B, T, D) */
  lastHiddenState: tf.Tensor3D;
};

/**
 * A Transformer encoder-decoder: token ids of a source and of a target so far in, the scores of the
 * target's next token at each place out.
 *
 * Type 'bart' is Hugging Face's BartForConditionalGeneration and 'marian' its MarianMTModel, number
 * for number. Type 'transformer' is the paper's, with every choice open.
 *
 * @param options see {@link EncoderDecoderOptions}.
 * @param weights a seed to draw them from, the same seed giving the same weights in every runtime,
 *   or those of a file.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`; `INVALID_FILE` for weights that do
 *   not fit.
 *
 * @example
 * await createEngine();
 * const model = new EncoderDecoder({ vocabSize: 15000, hiddenSize: 256 }, 42);
 * const { logits } = model.forward({ inputIds, decoderInputIds }, { training: false, seeds });
 *
 * @see Vaswani et al., Attention Is All You Need; Lewis et al., BART; Junczys-Dowmunt et al., Marian.
 */
export class EncoderDecoder {
  readonly config: EncoderDecoderConfig;
  readonly #store: ParameterStore;
  readonly #weights: EncoderDecoderWeights;
  readonly #waves: SinePositions | undefined;
  readonly #caches = new OwnCaches('EncoderDecoder', 'model');

  constructor(options: EncoderDecoderOptions, weights: StartingWeights) {
    this.config = parseEncoderDecoderConfig(options);
    this.#store = new ParameterStore(
      encoderDecoderParameters(this.config),
      encoderDecoderInitialization(this.config),
      typeof weights === 'number' ? weights : encoderDecoderFile(this.config, weights),
    );
    this.#weights = encoderDecoderWeights(this.config, this.#store);
    const { positions, maxPositionEmbeddings, hiddenSize } = this.config;
    if (positions === 'sinusoidal') {
      this.#waves = new SinePositions(maxPositionEmbeddings, hiddenSize);
    }
  }

  /** By the names they are saved with, in fixed order; kernels are (in, out) here. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#store.variables;
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit the model. */
  forward(batch: EncoderDecoderBatch, options: ForwardContext): EncoderDecoderOutput {
    return tf.tidy(() => {
      const source = this.encode(batch, options);
      return { encoderLastHiddenState: source, ...this.#decode(batch, source, options) };
    });
  }

  /**
   * The encoder alone.
   * @returns (B, S, D)
   * @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit the model.
   */
  encode(batch: SourceBatch, options: ForwardContext): tf.Tensor3D {
    const { inputIds, attentionMask } = batch;
    checkTokenBatch(inputIds, this.config.maxPositionEmbeddings, { attentionMask });
    return tf.tidy(() => {
      const { encoder } = this.#weights;
      const block = { ...blockOptions(this.config, 'encoder', options), mask: attentionMask };
      let x = this.#embed(inputIds, encoder, options); // (B, S, D)
      for (const { attention, feedForward } of encoder.blocks) {
        const attended = attentionBlock(x, attention, block).output; // x = norm(x + attention(x))
        const y = feedForwardBlock(attended, feedForward, block); // x = norm(x + mlp(x))
        // The tidy around the forward pass would keep them for as long as that takes.
        tf.dispose([x, attended]);
        x = y;
      }
      return encoder.finalNorm ? normalize(x, encoder.finalNorm, this.config.layerNormEps) : x;
    });
  }

  #decode(
    { decoderInputIds, attentionMask, inputIds }: EncoderDecoderBatch,
    source: tf.Tensor3D,
    options: ForwardContext,
  ): Omit<EncoderDecoderOutput, 'encoderLastHiddenState'> {
    checkTokenBatch(decoderInputIds, this.config.maxPositionEmbeddings, {}, 'decoderInputIds');
    checkSameBatch(inputIds, decoderInputIds);
    const { decoder } = this.#weights;
    const toItself = { ...blockOptions(this.config, 'decoder', options), causal: true };
    const toSource = { ...toItself, causal: false, mask: attentionMask };
    let x = this.#embed(decoderInputIds, decoder, options); // (B, T, D)
    for (const { attention, cross, feedForward } of decoder.blocks) {
      const attended = attentionBlock(x, attention, toItself).output; // x = norm(x + attention(x))
      // A tensor for each layer, so that gradients add up in one order, checkpointing or not.
      const crossed = crossAttentionBlock(attended, tf.clone(source), cross, toSource).output;
      const y = feedForwardBlock(crossed, feedForward, toItself); // x = norm(x + mlp(x))
      tf.dispose([x, attended, crossed]);
      x = y;
    }
    if (decoder.finalNorm) x = normalize(x, decoder.finalNorm, this.config.layerNormEps);
    return { logits: score(this.#weights, x), lastHiddenState: x };
  }

  /** (B, T) -> (B, T, D) */
  #embed(
    ids: tf.Tensor2D,
    { words, positions, embeddingNorm }: StackWeights<unknown>,
    options: ForwardContext,
  ): tf.Tensor3D {
    const { hiddenSize: D, scaleEmbedding, layerNormEps, dropout } = this.config;
    const steps = ids.shape[1];
    const places = positions // (T, D)
      ? tf.slice(positions, [firstPlace(this.config), 0], [steps, D])
      : this.#waves!.upTo(steps);
    let x = scaleEmbedding
      ? tf.add(tf.mul(embedding(ids, words), Math.sqrt(D)), places)
      : embedding(ids, words, places); // (B, T, D)
    if (embeddingNorm) x = normalize(x, embeddingNorm, layerNormEps);
    return dropWhileTraining(x as tf.Tensor3D, dropout, options);
  }

  /**
   * Encodes sources and makes room for what is decoded from them token by token: the keys and values
   * of the sources, computed once, and those of the targets. Row i of the cache attends to source i.
   *
   * @param sources token ids of each, without padding; an empty one is attended to by nothing.
   * @param options `maxLength` is the most tokens of a target, the start token and all. Default of
   *   `batchSize`: as many as there are sources; more of them let rows multiply, as beams do.
   * @throws AnyformerError `INVALID_ARGUMENT` for sources that do not fit the model,
   *   `OUT_OF_MEMORY`, `ENGINE` where another backend than the engine's is in use.
   */
  createCache(
    sources: readonly ArrayLike<number>[],
    options: DecodeCacheOptions = {},
  ): DecodeCache {
    this.#caches.checkAlive('createCache');
    const { maxPositionEmbeddings, decoderVocabSize } = this.config;
    const { batchSize, maxLength } = parseDecodeCacheOptions(
      { batchSize: sources.length, ...options },
      maxPositionEmbeddings,
      'EncoderDecoder.createCache',
    );
    const lengths = sources.map(({ length }) => length);
    if (sources.length > batchSize) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `EncoderDecoder.createCache received ${sources.length} sources and batchSize ${batchSize}; raise it, or give fewer.`,
      );
    }
    let kernel: FusedDecoder | undefined;
    tf.tidy(() => {
      const batch = padSources(sources, this.config.padTokenId);
      const encoded = this.encode(batch, { training: false, seeds: new SeedStream(0) });
      const places = this.#weights.decoder.positions ?? this.#waves!.table;
      const room = { slots: batchSize, capacity: maxLength };
      kernel = crossDecoderKernel(this.config, this.#weights, places, { encoded, lengths }, room);
    });
    const cache = new DecodeCache(kernel!, decoderVocabSize, batchSize, maxLength, lengths);
    return this.#caches.add(cache);
  }

  /**
   * Appends tokens to each row of a cache; in an empty cache there is a row for each source. The
   * first is to be `decoderStartTokenId`.
   *
   * @param prompts token ids, at least one for each row.
   * @returns (rows, V) logits of the token after each prompt. A view: the next call on the cache
   * writes to it.
   * @throws AnyformerError `INVALID_ARGUMENT` for prompts that do not fit; nothing has changed then.
   *
   * @example
   * using cache = model.createCache([[5, 17, 2], [9, 2]], { maxLength: 64 });
   * let logits = model.prefill([[start], [start]], cache);
   * logits = model.step([4, 8], cache);
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
    this.#store.loadSafetensors(encoderDecoderFile(this.config, { tensors, file }).tensors, file);
  }

  /** Its caches are of no use then; they are disposed of apart. */
  dispose(): void {
    this.#caches.dispose();
    this.#store.dispose();
    this.#waves?.dispose();
  }

  [disposeSymbol](): void {
    this.dispose();
  }
}

function blockOptions(
  config: EncoderDecoderConfig,
  stack: 'encoder' | 'decoder',
  { training, seeds, gradientCheckpointing = false }: ForwardContext,
) {
  return {
    training,
    seeds,
    gradientCheckpointing,
    numHeads: config[`${stack}AttentionHeads`],
    dropout: config.attentionDropout,
    hiddenDropout: config.dropout,
    activationDropout: config.activationDropout,
    activation: config.hiddenAct,
    epsilon: config.layerNormEps,
    normalizeFirst: config.normalizeFirst,
  };
}

/** (B, T, D) -> (B, T, V) */
function score({ decoder, head, logitsBias }: EncoderDecoderWeights, x: tf.Tensor3D): tf.Tensor3D {
  const [batch, steps, width] = x.shape;
  const V = logitsBias.shape[1];
  if (head) return linear(x, head, tf.reshape(logitsBias, [V])) as tf.Tensor3D;
  const rows = tf.reshape(x, [batch * steps, width]); // (B*T, D)
  const products = tf.matMul(rows, decoder.words, false, true); // (B*T, V)
  return tf.reshape(tf.add(products, logitsBias), [batch, steps, V]);
}
