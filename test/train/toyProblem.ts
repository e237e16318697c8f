import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../../src/core/random.ts';
import type { BatchLoss, LossContext, Trainable, TrainingData } from '../../src/train/trainable.ts';

export interface ToyBatch {
  readonly x: tf.Tensor2D;
  readonly y: tf.Tensor2D;
}

const FEATURES = 4;
const HIDDEN = 8;
const CLASSES = 3;

/** A small MLP with dropout that tells three classes of points apart. */
export class ToyModel implements Trainable<ToyBatch> {
  readonly variables: Map<string, tf.Variable>;
  /** Calls of `loss` so far. */
  calls = 0;

  constructor(
    seed = 1,
    private readonly dropoutRate = 0,
  ) {
    const random = new Random(seed);
    const uniform = (...shape: number[]) => {
      const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () =>
        Math.fround(random.uniform() - 0.5),
      );
      return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
    };
    this.variables = new Map([
      ['hidden.weight', uniform(FEATURES, HIDDEN)],
      ['hidden.bias', uniform(HIDDEN)],
      ['output.weight', uniform(HIDDEN, CLASSES)],
      ['output.bias', uniform(CLASSES)],
    ]);
  }

  get(name: string): tf.Variable {
    return this.variables.get(name)!;
  }

  logits(x: tf.Tensor2D, context?: LossContext): tf.Tensor2D {
    let hidden: tf.Tensor = tf.tanh(
      tf.add(tf.matMul(x, this.get('hidden.weight') as tf.Tensor2D), this.get('hidden.bias')),
    );
    if (context?.training && this.dropoutRate > 0) {
      hidden = tf.dropout(hidden, this.dropoutRate, undefined, context.seeds.next());
    }
    const output = tf.matMul(hidden as tf.Tensor2D, this.get('output.weight') as tf.Tensor2D);
    return tf.add(output, this.get('output.bias'));
  }

  loss({ x, y }: ToyBatch, context: LossContext): BatchLoss {
    this.calls++;
    const perRow = tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(this.logits(x, context))), -1));
    return { loss: tf.mean(perRow) as tf.Scalar, weight: x.shape[0] };
  }

  values(): number[][] {
    return [...this.variables.values()].map((variable) => Array.from(variable.dataSync()));
  }

  dispose(): void {
    tf.dispose([...this.variables.values()]);
  }
}

/** Points whose class is where their largest of the first three coordinates stands. */
export class ToyData implements TrainingData<ToyBatch> {
  readonly x: number[][];
  readonly y: number[];
  /** The index batches that were asked for, in order. */
  readonly collated: number[][] = [];
  /** Called before each batch is made. */
  onCollate: ((count: number) => void) | undefined;

  constructor(
    readonly count: number,
    seed = 7,
  ) {
    const random = new Random(seed);
    this.x = Array.from({ length: count }, () =>
      Array.from({ length: FEATURES }, () => random.normal()),
    );
    this.y = this.x.map((row) => row.indexOf(Math.max(...row.slice(0, CLASSES))));
  }

  batches({ batchSize, shuffle, seed }: Parameters<TrainingData<ToyBatch>['batches']>[0]) {
    const indices = Array.from({ length: this.count }, (_, i) => i);
    if (shuffle) new Random(seed).shuffle(indices);
    const batches: number[][] = [];
    for (let i = 0; i < indices.length; i += batchSize)
      batches.push(indices.slice(i, i + batchSize));
    return batches;
  }

  collate(indices: ArrayLike<number>) {
    const rows = Array.from(indices);
    this.collated.push(rows);
    this.onCollate?.(this.collated.length);
    const x = tf.tensor2d(rows.map((i) => this.x[i]!));
    const labels = rows.map((i) => [0, 1, 2].map((c) => Number(c === this.y[i])));
    return {
      batch: { x, y: tf.tensor2d(labels) },
      examples: rows.length,
      tokens: rows.length * FEATURES,
    };
  }
}

/** The share of examples a model gets right. */
export function accuracyOf(model: ToyModel, data: ToyData): number {
  const predicted = tf.tidy(() =>
    Array.from(tf.argMax(model.logits(tf.tensor2d(data.x)), -1).dataSync()),
  );
  return predicted.filter((label, i) => label === data.y[i]).length / data.count;
}
