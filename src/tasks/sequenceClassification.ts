import * as tf from '@tensorflow/tfjs-core';
import { sigmoidCrossEntropy } from '../kernels/sigmoidCrossEntropy.ts';
import { softmaxCrossEntropy } from '../kernels/softmaxCrossEntropy.ts';
import type { EncoderBatch } from '../models/encoder.ts';
import type { SequenceClassifier } from '../models/sequenceClassifier.ts';
import { classWeightVector } from '../train/classWeights.ts';
import type { BatchLoss, LossContext, Trainable } from '../train/trainable.ts';

/** Token ids and what they are. */
export interface LabelledBatch extends EncoderBatch {
  /** (B) int32 class numbers, or (B, C) float32 with 1 for each label that holds. */
  readonly labels: tf.Tensor1D | tf.Tensor2D;
}

/** What the training loop trains: a sequence classifier, with the loss of its kind of labels. */
export class SequenceClassification implements Trainable<LabelledBatch> {
  readonly supportsGradientCheckpointing = true;

  constructor(
    readonly model: SequenceClassifier,
    private readonly labels: readonly string[],
    private readonly multiLabel: boolean,
  ) {}

  get variables(): ReadonlyMap<string, tf.Variable> {
    return this.model.variables;
  }

  loss(batch: LabelledBatch, context: LossContext): BatchLoss {
    const { logits } = this.model.forward(batch, context); // (B, C)
    const { classWeight } = context;
    const weights = classWeight && classWeightVector(classWeight, this.labels); // (C)
    return this.multiLabel
      ? multiLabelLoss(logits, batch.labels as tf.Tensor2D, weights, context.labelSmoothingFactor)
      : singleLabelLoss(logits, batch.labels as tf.Tensor1D, weights, context.labelSmoothingFactor);
  }
}

/** sum_n w[y_n] ce_n / sum_n w[y_n], as torch's CrossEntropyLoss has it. */
function singleLabelLoss(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  classWeights: Float32Array | undefined,
  labelSmoothing: number,
): BatchLoss {
  const [B] = logits.shape;
  if (classWeights === undefined) {
    const losses = softmaxCrossEntropy(logits, labels, { labelSmoothing }); // (B)
    return { loss: tf.div(tf.sum(losses), B), weight: B };
  }
  const rowWeights = Float32Array.from(labels.dataSync(), (label) => classWeights[label]!);
  const total = rowWeights.reduce((sum, weight) => sum + weight, 0);
  const weights = tf.tensor1d(rowWeights); // (B)
  const losses = softmaxCrossEntropy(logits, labels, { labelSmoothing, weights }); // (B)
  return { loss: tf.div(tf.sum(losses), total), weight: total };
}

/** Mean over texts and labels of the binary cross-entropy; a class weight weighs its positives. */
function multiLabelLoss(
  logits: tf.Tensor2D,
  labels: tf.Tensor2D,
  classWeights: Float32Array | undefined,
  labelSmoothing: number,
): BatchLoss {
  const [B, C] = logits.shape;
  const targets = tf.add(tf.mul(labels, 1 - labelSmoothing), labelSmoothing / 2) as tf.Tensor2D;
  const weights = classWeights
    ? (tf.add(tf.mul(labels, tf.sub(tf.tensor1d(classWeights), 1)), 1) as tf.Tensor2D) // (B, C)
    : undefined;
  const losses = sigmoidCrossEntropy(logits, targets, weights ? { weights } : {}); // (B, C)
  return { loss: tf.div(tf.sum(losses), B * C), weight: B };
}
