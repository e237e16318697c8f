import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { causalLanguageModelLoss } from '../models/causalLanguageModelLoss.ts';
import type { Decoder, DecoderBatch } from '../models/decoder.ts';
import type { BatchLoss, LossContext, Trainable } from '../train/trainable.ts';

/** Token ids and what follows them. */
export interface NextTokenBatch extends DecoderBatch {
  /** (B, T) int32, the token that follows each place; -100 = it does not count. */
  readonly targets: tf.Tensor2D;
}

/** What the training loop trains: a decoder that says which token comes next. */
export class CausalLanguageModeling implements Trainable<NextTokenBatch> {
  readonly supportsGradientCheckpointing = true;

  constructor(readonly model: Decoder) {}

  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.model.variables;
  }

  loss({ targets, ...batch }: NextTokenBatch, context: LossContext): BatchLoss {
    if (context.classWeight) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        'classWeight is for labels; a language model has none. Leave it out.',
      );
    }
    const { logits } = this.model.forward(batch, context); // (B, T, V)
    const { loss, tokens } = causalLanguageModelLoss(logits, targets, context.labelSmoothingFactor);
    return { loss, weight: tokens };
  }
}
