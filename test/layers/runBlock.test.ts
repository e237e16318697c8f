import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SeedStream } from '../../src/core/random.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { dropWhileTraining, type ForwardContext } from '../../src/layers/forwardContext.ts';
import { runBlock } from '../../src/layers/runBlock.ts';

beforeAll(async () => {
  await createEngine();
});

/** Three blocks with dropout on each side of a slope, after a draw of somebody else's. */
function forward(x: tf.Tensor, context: ForwardContext): tf.Tensor {
  let y = dropWhileTraining(x, 0.5, context);
  for (let i = 0; i < 3; i++) {
    y = runBlock(
      context,
      ({ y }) => {
        const dropped = dropWhileTraining(tf.square(y), 0.3, context);
        return dropWhileTraining(tf.tanh(dropped), 0.3, context);
      },
      { y },
    );
  }
  return tf.sum(dropWhileTraining(y, 0.5, context));
}

function gradientOf(x: tf.Tensor, seed: number, gradientCheckpointing: boolean): number[] {
  return tf.tidy(() => {
    const context = { training: true, seeds: new SeedStream(seed), gradientCheckpointing };
    const { result, tape } = recordTape(() => forward(x, context));
    const gradients = backpropagate(tape, [[result, tf.onesLike(result)]], [x]);
    return [result, gradients[0]!].flatMap((y) => Array.from(y.dataSync()));
  });
}

describe('runBlock', () => {
  test('drops the same when it is run again for its gradient', () => {
    const x = tf.linspace(-2, 2, 200);
    const plain = gradientOf(x, 1, false);
    expect(plain.filter((value) => value === 0).length).toBeGreaterThan(20);
    expect(gradientOf(x, 1, true)).toEqual(plain);
    expect(gradientOf(x, 2, true)).not.toEqual(plain);
    x.dispose();
  });

  test.each([true, false])('frees what the block made, checkpointing %s', (checkpointing) => {
    const x = tf.ones([4]);
    const { numTensors } = tf.memory();
    const context = {
      training: false,
      seeds: new SeedStream(1),
      gradientCheckpointing: checkpointing,
    };
    const y = runBlock(context, ({ x }) => [tf.tanh(tf.tanh(x)), tf.neg(x)], { x });
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    tf.dispose([x, ...y]);
  });
});
