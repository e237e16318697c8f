import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { causalLanguageModelLoss } from '../models/causalLanguageModelLoss.ts';
import type { EncoderDecoder, EncoderDecoderBatch } from '../models/encoderDecoder.ts';
import type { BatchLoss, LossContext, Trainable } from '../train/trainable.ts';

/** Sources, targets so far, and what follows. */
export interface PairBatch extends EncoderDecoderBatch {
  /** (B, T) int32, the token that follows each place of `decoderInputIds`; -100 = does not count. */
  readonly targets: tf.Tensor2D;
}

/** What the training loop trains: an encoder-decoder that says which token of the target is next. */
export class SequenceToSequence implements Trainable<PairBatch> {
  readonly supportsGradientCheckpointing = true;

  constructor(readonly model: EncoderDecoder) {}

  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.model.variables;
  }

  loss({ targets, ...batch }: PairBatch, context: LossContext): BatchLoss {
    if (context.classWeight) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        'classWeight is for labels; a translator has none. Leave it out.',
      );
    }
    const { logits } = this.model.forward(batch, context); // (B, T, V)
    const { loss, tokens } = causalLanguageModelLoss(logits, targets, context.labelSmoothingFactor);
    return { loss, weight: tokens };
  }
}
