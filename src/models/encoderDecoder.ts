import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { embedding } from '../kernels/embedding.ts';
import { linear } from '../kernels/linear.ts';
import { dropWhileTraining, type ForwardContext } from '../layers/forwardContext.ts';
import {
  attentionBlock,
  crossAttentionBlock,
  feedForwardBlock,
  normalize,
} from '../layers/transformerBlocks.ts';
import { checkTokenBatch } from './checkTokenBatch.ts';
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
import { ParameterStore, type StartingWeights } from './parameterStore.ts';
import { SinePositions } from './sinePositions.ts';

/** A batch of sources. */
export interface SourceBatch {
  /** (B, S) int32 */
  readonly inputIds: tf.Tensor2D;
  /** (B, S), nonzero = a real token. Default: all are. */
  readonly attentionMask?: tf.Tensor2D | undefined;
}

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

  /** The weights as a model.safetensors has them. */
  toSafetensors(): Map<string, SafeTensor> {
    return this.#store.toSafetensors();
  }

  /** @throws AnyformerError `INVALID_FILE` when it does not fit; nothing has changed then. */
  loadSafetensors(tensors: ReadonlyMap<string, SafeTensor>, file = 'model.safetensors'): void {
    this.#store.loadSafetensors(encoderDecoderFile(this.config, { tensors, file }).tensors, file);
  }

  dispose(): void {
    this.#store.dispose();
    this.#waves?.dispose();
  }

  [Symbol.dispose](): void {
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

function checkSameBatch(inputIds: tf.Tensor2D, decoderInputIds: tf.Tensor2D): void {
  const [sources, targets] = [inputIds.shape[0], decoderInputIds.shape[0]];
  if (sources === targets) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `decoderInputIds has ${targets} rows and inputIds ${sources}; each source needs its own target.`,
  );
}
