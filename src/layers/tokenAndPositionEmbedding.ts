import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { AnyformerError } from '../core/errors.ts';
import { positiveInteger } from '../core/options.ts';
import { embedding } from '../kernels/embedding.ts';
import {
  BaseLayer,
  type BaseLayerArgs,
  initializerEntry,
  layerSchema,
  NO_MASK,
  parseLayerArgs,
  shapesOf,
  tensorsOf,
} from './baseLayer.ts';
import { type InitializerOption, initializerConfig } from './weightInitializer.ts';

export interface TokenAndPositionEmbeddingArgs extends BaseLayerArgs {
  /** Number of different token ids, V. */
  vocabularySize: number;
  /** The longest sequence. */
  sequenceLength: number;
  /** Width of the embeddings, D. */
  embeddingDim: number;
  /** Default: 'randomUniform' from -0.05 to 0.05. */
  embeddingsInitializer?: InitializerOption;
  /** Whether id 0 is padding, which later layers are to leave out. Default: false. */
  maskZero?: boolean;
}

const schema = layerSchema({
  vocabularySize: positiveInteger,
  sequenceLength: positiveInteger,
  embeddingDim: positiveInteger,
  embeddingsInitializer: initializerEntry('randomUniform'),
  maskZero: v.optional(v.boolean('true or false'), false),
});

/**
 * tokens[id] + positions[t]: an embedding of each token plus a learned one of its place.
 *
 * Takes ids (B, T) with T up to `sequenceLength` and gives (B, T, D).
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for a longer sequence.
 *
 * @example
 * tokenAndPositionEmbedding({ vocabularySize: 20000, sequenceLength: 200, embeddingDim: 32 });
 *
 * @see KerasHub's layer of this name.
 */
export class TokenAndPositionEmbedding extends BaseLayer {
  static readonly className = 'TokenAndPositionEmbedding';
  readonly #options: v.InferOutput<typeof schema>;
  #tokens!: tf.Tensor2D;
  #positions!: tf.Tensor2D;

  constructor(args: TokenAndPositionEmbeddingArgs) {
    const options = parseLayerArgs('tokenAndPositionEmbedding', schema, args);
    const isShapeGiven = options.inputShape || options.batchInputShape;
    // As the first layer of a model it says itself what it takes, like tfjs-layers' embedding.
    const shape = isShapeGiven ? {} : { batchInputShape: [options.batchSize ?? null, null] };
    super({ ...options, ...shape } as BaseLayerArgs);
    this.#options = options;
  }

  override build(): void {
    const { vocabularySize, sequenceLength, embeddingDim, embeddingsInitializer } = this.#options;
    const add = (name: string, rows: number) =>
      this.add<tf.Rank.R2>(name, [rows, embeddingDim], embeddingsInitializer);
    this.#tokens = add('token_embedding/embeddings', vocabularySize);
    this.#positions = add('position_embedding/embeddings', sequenceLength);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const ids = tf.cast(tensorsOf(inputs)[0] as tf.Tensor2D, 'int32'); // (B, T)
      const { sequenceLength, embeddingDim } = this.#options;
      const steps = ids.shape[1];
      if (ids.rank !== 2 || steps > sequenceLength) {
        throw new AnyformerError(
          'INVALID_ARGUMENT',
          `${this.name} takes token ids (batch, steps) of at most ${sequenceLength} steps, ` +
            `received (${ids.shape.join(', ')}); cut the sequences or raise sequenceLength.`,
        );
      }
      const positions = tf.slice(this.#positions, [0, 0], [steps, embeddingDim]); // (T, D)
      return tf.add(embedding(ids, this.#tokens), positions); // (B, T, D)
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...shapesOf(inputShape)[0]!, this.#options.embeddingDim];
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.#options.maskZero ? tf.notEqual(tensorsOf(inputs)[0]!, 0) : NO_MASK;
  }

  override getConfig() {
    const { vocabularySize, sequenceLength, embeddingDim, maskZero } = this.#options;
    const embeddingsInitializer = initializerConfig(this.#options.embeddingsInitializer);
    return {
      ...super.getConfig(),
      vocabularySize,
      sequenceLength,
      embeddingDim,
      embeddingsInitializer,
      maskZero,
    };
  }
}

/** Makes a {@link TokenAndPositionEmbedding}. */
export function tokenAndPositionEmbedding(
  args: TokenAndPositionEmbeddingArgs,
): TokenAndPositionEmbedding {
  return new TokenAndPositionEmbedding(args);
}
