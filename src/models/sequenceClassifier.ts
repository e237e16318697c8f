import * as tf from '@tensorflow/tfjs-core';
import * as v from 'valibot';
import { disposeSymbol } from '../core/disposal.ts';
import { fraction, parseOptions, positiveInteger } from '../core/options.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { linear as applyLinear } from '../kernels/linear.ts';
import type { LinearWeights } from '../layers/blockWeights.ts';
import { dropWhileTraining } from '../layers/forwardContext.ts';
import {
  type EncoderBatch,
  type EncoderForwardOptions,
  type EncoderOutput,
  encode,
} from './encoder.ts';
import { type EncoderConfig, type EncoderOptions, parseEncoderConfig } from './encoderConfig.ts';
import {
  type EncoderWeights,
  encoderInitialization,
  encoderParameters,
  encoderWeights,
} from './encoderParameters.ts';
import { linear, linearWeights } from './parameterRows.ts';
import { ParameterStore, type StartingWeights } from './parameterStore.ts';

export interface SequenceClassifierOptions {
  encoder: EncoderOptions;
  /** Number of logits for each sequence, C. */
  numLabels: number;
  /** Rate for the pooled vector. Default: the encoder's `hiddenDropoutProb`. */
  classifierDropout?: number;
}

export type SequenceClassifierOutput = EncoderOutput & {
  /** (B, C), before softmax or sigmoid. */
  logits: tf.Tensor2D;
};

const schema = v.strictObject({
  encoder: v.custom<EncoderOptions>((x) => typeof x === 'object' && x !== null, 'an object'),
  numLabels: positiveInteger,
  classifierDropout: v.optional(fraction),
});

/**
 * An encoder with a head that scores labels: logits = dropout(pooled) W + b.
 *
 * With an encoder of type 'bert' it is Hugging Face's BertForSequenceClassification.
 *
 * @param weights a seed to draw them from, or those of a file.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`; `INVALID_FILE` for weights that do
 *   not fit.
 *
 * @example
 * const classifier = new SequenceClassifier({ encoder: { vocabSize: 20000 }, numLabels: 2 }, 42);
 * const { logits } = classifier.forward({ inputIds, attentionMask }, { training: false, seeds });
 */
export class SequenceClassifier {
  readonly config: EncoderConfig;
  readonly numLabels: number;
  readonly classifierDropout: number;
  readonly #store: ParameterStore;
  readonly #encoder: EncoderWeights;
  readonly #head: LinearWeights;

  constructor(options: SequenceClassifierOptions, weights: StartingWeights) {
    const { encoder, numLabels, classifierDropout } = parseOptions(
      'SequenceClassifier',
      schema,
      options,
    );
    this.config = parseEncoderConfig(encoder);
    this.numLabels = numLabels;
    this.classifierDropout = classifierDropout ?? this.config.hiddenDropoutProb;
    this.#store = new ParameterStore(
      [
        ...encoderParameters(this.config),
        ...linear('classifier', this.config.hiddenSize, numLabels),
      ],
      encoderInitialization(this.config),
      weights,
    );
    this.#encoder = encoderWeights(this.config, this.#store);
    this.#head = linearWeights(this.#store, 'classifier');
  }

  /** By the names they are saved with, in fixed order; kernels are (in, out) here. */
  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.#store.variables;
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` for shapes that do not fit the model. */
  forward(batch: EncoderBatch, options: EncoderForwardOptions): SequenceClassifierOutput {
    return tf.tidy(() => {
      const output = encode(this.config, this.#encoder, batch, options);
      const pooled = dropWhileTraining(output.pooled, this.classifierDropout, options);
      const logits = applyLinear(pooled, this.#head.kernel, this.#head.bias); // (B, C)
      return { ...output, logits: logits as tf.Tensor2D };
    });
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
