import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AnyformerError } from '../../src/core/errors.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { linear } from '../../src/kernels/linear.ts';
import { recompute } from '../../src/kernels/recompute.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { RandomTensors } from '../support/tensors.ts';

// That its gradient is that of finite differences is in test/gradients/kernels.test.ts.

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

type Block = typeof recompute;
/** What recompute is to be equal to. */
const plain: Block = (compute, inputs) => compute(inputs);

/** The value and the gradients of a scalar. */
function differentiate(loss: () => tf.Tensor, xs: readonly tf.Tensor[]) {
  return tf.tidy(() => {
    const { result, tape } = recordTape(loss);
    const gradients = backpropagate(tape, [[result, tf.onesLike(result)]], xs);
    return [result, ...gradients].map((x) => x && Array.from(x.dataSync()));
  });
}

const alive = () => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { activeTape, gradientDepth, kernelDepth } = tf.engine().state;
  return { numTensors, numBytes, numDataBuffers, gradientDepth, kernelDepth, activeTape };
};

const thrown = (run: () => unknown): AnyformerError => {
  try {
    run();
  } catch (error) {
    return error as AnyformerError;
  }
  return expect.unreachable('it should have failed');
};

describe('has the value and the gradients of the same without it, bit for bit', () => {
  const make = new RandomTensors(11);
  type Case = [string, (block: Block, x: tf.Tensor2D, w: tf.Tensor2D) => tf.Tensor];
  const cases: Case[] = [
    ['an input and a variable', (block, x, w) => block(({ x }) => tf.tanh(tf.matMul(x, w)), { x })],
    [
      'several blocks in a row',
      (block, x, w) => {
        let y: tf.Tensor = x;
        for (let i = 0; i < 3; i++) {
          // The tidy frees y as a model's forward pass does.
          y = tf.tidy(() => block(({ y }) => linear(tf.add(y, 1), w, undefined, 'gelu'), { y }));
        }
        return y;
      },
    ],
    ['one tensor as two inputs', (block, x) => block(({ a, b }) => tf.mul(a, b), { a: x, b: x })],
    ['an input that is used beside', (block, _, w) => block(({ a }) => a.mul(w).add(w), { a: w })],
    ['the input itself', (block, x) => tf.tanh(block(({ x }) => x, { x }))],
    ['a variable itself', (block, _, w) => tf.tanh(block(() => w, {}))],
    [
      'an input that is absent',
      (block, x, w) => {
        const shift = undefined as tf.Tensor | undefined;
        return block(({ x, shift }) => (shift ? tf.add(x, shift) : tf.mul(x, w)), { x, shift });
      },
    ],
    [
      'several outputs, of which one is not used',
      (block, x, w) => {
        const parts = ({ x }: { x: tf.Tensor }) => [tf.square(x), tf.neg(w), tf.mul(x, w)];
        const [a, , c] = block(parts, { x });
        return tf.sub(a!, c!);
      },
    ],
    [
      'a constant, integers and a comparison without a gradient inside',
      (block, x) => {
        const ids = tf.tensor1d([2, 0, 0], 'int32');
        const limit = tf.scalar(0.3);
        return block(
          ({ x, ids, limit }) => {
            const large = tf.cast(tf.greater(limit, 0), 'float32');
            return tf.mul(tf.gather(tf.mul(x, 2), ids as tf.Tensor1D), large);
          },
          { x, ids, limit },
        );
      },
    ],
    [
      'a block within a block',
      (block, x, w) =>
        block(
          ({ x }) =>
            tf.mul(
              block(({ x }) => tf.tanh(tf.matMul(x, w)), { x }),
              w,
            ),
          { x },
        ),
    ],
  ];

  test.each(cases)('%s', (_, run) => {
    const variable = tf.tidy(() => tf.variable(make.normal<tf.Rank.R2>([3, 3])));
    const [x, w] = [make.normal<tf.Rank.R2>([3, 3]), variable as tf.Tensor2D];
    const unused = tf.ones([2]);
    const before = alive();
    const loss = (block: Block) => () => tf.tidy(() => tf.sum(tf.square(run(block, x, w))));
    const expected = differentiate(loss(plain), [x, w, unused]);
    expect(expected[1] ?? expected[2]).toBeDefined();
    expect(differentiate(loss(recompute), [x, w, unused])).toEqual(expected);
    expect(differentiate(loss(recompute), [w])).toEqual([expected[0], expected[2]]);
    expect(alive()).toMatchObject({ ...before, activeTape: tf.engine().state.activeTape });
    tf.dispose([x, variable, unused]);
  });
});

test('runs once without a gradient, and twice with one', () => {
  const x = tf.ones([3]);
  let runs = 0;
  const loss = () => {
    const counted = ({ x }: { x: tf.Tensor }) => {
      runs++;
      return tf.square(x);
    };
    return tf.sum(recompute(counted, { x }));
  };
  const before = alive();
  tf.tidy(() => void loss());
  expect(runs).toBe(1);
  expect(alive()).toEqual(before);
  differentiate(loss, [x]);
  expect(runs).toBe(3);
  x.dispose();
});

test('does without gradients that nobody wants', () => {
  const [x, frozen] = [tf.ones([3]), tf.ones([3])];
  const asked: string[] = [];
  const product = tf.customGrad((a, b) => ({
    value: tf.mul(a as tf.Tensor, b as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => [dy, dy],
  }));
  const loss = () => {
    const y = recompute(({ x }) => product(x, watched(frozen, 'frozen')), { x: watched(x, 'x') });
    return tf.sum(y);
  };
  const watched = (y: tf.Tensor, name: string) =>
    tf.customGrad((a) => ({
      value: tf.clone(a as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => {
        asked.push(name);
        return tf.clone(dy);
      },
    }))(y);
  differentiate(loss, [x]);
  expect(asked).toEqual(['x']);
  tf.dispose([x, frozen]);
});

test('needs the memory of one block and the inputs of the others', () => {
  const SIZE = 1 << 16;
  const x = tf.ones([SIZE]);
  const [blocks, length] = [6, 8];
  const peakOf = (block: Block) => {
    const watch = engine.heap.watchPeak();
    const before = engine.heap.usedBytes;
    const loss = () => {
      let y: tf.Tensor = x;
      for (let i = 0; i < blocks; i++) {
        y = tf.tidy(() =>
          block(
            ({ y }) => {
              let z = y;
              for (let j = 0; j < length; j++) z = tf.tanh(z);
              return z;
            },
            { y },
          ),
        );
      }
      return tf.sum(y);
    };
    differentiate(loss, [x]);
    watch.stop();
    return (watch.peakBytes - before) / (4 * SIZE);
  };
  const without = peakOf(plain);
  expect(without).toBeGreaterThan(blocks * length);
  expect(peakOf(recompute)).toBeLessThan(blocks + length + 5);
  x.dispose();
});

describe('errors', () => {
  /** A block that is broken from its n-th run on. */
  const brokenFrom = (run: number) => {
    let runs = 0;
    return ({ x }: { x: tf.Tensor }) => {
      const y = tf.tanh(tf.tanh(x));
      if (++runs >= run) throw new Error(`broken in run ${run}`);
      return tf.tanh(y);
    };
  };

  test.each([1, 2])('what is thrown in run %i leaves nothing behind', (run) => {
    const x = tf.ones([5]);
    differentiate(() => tf.sum(tf.square(x)), [x]);
    const before = alive();
    const loss = () => {
      const y = tf.tidy(() => recompute(({ x }) => tf.tanh(x), { x: tf.square(x) }));
      return tf.sum(recompute(brokenFrom(run), { x: y }));
    };
    expect(thrown(() => differentiate(loss, [x])).message).toBe(`broken in run ${run}`);
    expect(alive()).toEqual(before);
    expect(differentiate(() => tf.sum(recompute(({ x }) => x.mul(3), { x })), [x])[1]).toEqual([
      3, 3, 3, 3, 3,
    ]);
    x.dispose();
  });

  test('a tensor that is gone by the backward pass is told', () => {
    const x = tf.ones([2]);
    const before = alive();
    const loss = () =>
      tf.tidy(() => {
        const gone = tf.square(x);
        return tf.sum(recompute(({ x }) => tf.mul(x, gone), { x }));
      });
    const error = thrown(() => differentiate(loss, [x]));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/^recompute: a tensor of shape \(2\) .* pass it as one of/);
    expect(alive()).toMatchObject({ ...before, activeTape: tf.engine().state.activeTape });
    x.dispose();
  });

  test('a second derivative is refused rather than wrong', () => {
    tf.tidy(() => {
      const x = tf.ones([2]);
      const first = tf.grad((x) => tf.sum(recompute(({ x }) => tf.square(x), { x })));
      expect(Array.from(first(x).dataSync())).toEqual([2, 2]);
      const error = thrown(() => tf.grad((x) => tf.sum(first(x)))(x));
      expect(error.code).toBe('UNSUPPORTED');
    });
  });
});
