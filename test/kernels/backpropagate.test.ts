import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AnyformerError } from '../../src/core/errors.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { backpropagate } from '../../src/kernels/backpropagate.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { recordTape } from '../../src/kernels/recordTape.ts';
import { RandomTensors } from '../support/tensors.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});

type Loss = (...xs: tf.Tensor[]) => tf.Tensor;

function ours(loss: Loss, xs: readonly tf.Tensor[]): (tf.Tensor | undefined)[] {
  return tf.tidy(() => {
    const { result, tape } = recordTape(() => loss(...xs));
    return backpropagate(tape, [[result, tf.onesLike(result)]], xs);
  });
}

const valuesOf = (tensors: readonly (tf.Tensor | undefined)[]) =>
  tensors.map((x) => x && { shape: x.shape, values: Array.from(x.dataSync()) });

/** Tensors, the memory behind them, and the state of the tape. */
const alive = () => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const { gradientDepth, kernelDepth, scopeStack } = tf.engine().state;
  const open = [gradientDepth, kernelDepth, scopeStack.length];
  return { numTensors, numBytes, numDataBuffers, open };
};

/** As it was before; and no tape, whatever a gradient that failed in another file had left of one. */
function expectNothingLeft(before: ReturnType<typeof alive>): void {
  expect(alive()).toEqual(before);
  expect(tf.engine().state.activeTape?.length ?? 0).toBe(0);
}

/** Asserts the very gradients of tfjs, and that nothing but them stays. */
function expectSameAsTfjs(loss: Loss, xs: readonly tf.Tensor[]): void {
  const before = alive();
  const gradients = ours(loss, xs);
  const expected = tf.tidy(() => tf.grads(loss)([...xs]));
  expect(valuesOf(gradients)).toEqual(valuesOf(expected));
  for (const gradient of gradients) expect(xs).not.toContain(gradient);
  tf.dispose([...gradients.map((x) => x!), ...expected]);
  expectNothingLeft(before);
}

/** y = x, with a gradient of one's own. */
const passing = (gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor | tf.Tensor[]) =>
  tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return { value: tf.clone(x as tf.Tensor), gradFunc };
  });

describe('the gradients are those of tfjs', () => {
  const make = new RandomTensors(4);
  const cases: [string, () => [Loss, tf.Tensor[]]][] = [
    [
      'one input used often',
      () => [(x) => tf.mul(tf.add(x!, tf.mul(x!, x!)), x!), [make.normal([4])]],
    ],
    [
      'chained operations with broadcasting',
      () => [
        (x, w, b) => x!.reshape([3, 4]).matMul(w!).add(b!).softmax().log().mean(),
        [make.normal([12]), make.normal([4, 5]), make.normal([5])],
      ],
    ],
    [
      'operations with several outputs, not all of them used',
      () => [
        (x) => {
          const [a, , c] = tf.split(x!, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
          return tf.sum(tf.mul(a, tf.sum(tf.unstack(c)[0]!)));
        },
        [make.normal([6, 2])],
      ],
    ],
    [
      'concatenation, slices, gather, max pooling',
      () => [
        (x, y) => {
          const both = tf.concat([x!, tf.slice(y!, [0, 1], [2, 3])], 1); // (2, 7)
          const rows = tf.gather(both, tf.tensor1d([1, 0, 1], 'int32')); // (3, 7)
          return tf.maxPool(tf.reshape(rows, [1, 3, 7, 1]) as tf.Tensor4D, 2, 1, 'same').square();
        },
        [make.distinct([2, 4]), make.distinct([2, 5])],
      ],
    ],
    [
      'a gradient function that returns dy itself, for both inputs',
      () => [
        (x, y) => {
          const add = tf.customGrad((a, b) => ({
            value: tf.add(a as tf.Tensor, b as tf.Tensor),
            gradFunc: (dy: tf.Tensor) => [dy, dy],
          }));
          return tf.mul(add(tf.mul(x!, 2), x!), add(y!, y!));
        },
        [make.normal([3]), make.normal([3])],
      ],
    ],
    [
      'a gradient function that returns what it saved',
      () => [(x) => tf.mul(passing((_, [saved]) => saved!)(tf.mul(x!, 3)), 2), [make.normal([3])]],
    ],
    [
      'a comparison, which has no gradient, on the side',
      () => [
        (x, y) => {
          const larger = tf.cast(tf.greater(x!, y!), 'float32').dataSync();
          return tf.sum(tf.mul(tf.mul(x!, 2), tf.mul(y!, tf.tensor1d(larger as Float32Array))));
        },
        [make.normal([9]), make.normal([9])],
      ],
    ],
  ];

  test.each(cases)('%s', (_, row) => {
    const [loss, xs] = row();
    expectSameAsTfjs(loss, xs);
    tf.dispose(xs);
  });

  test('any expression of operations that are used in any order', () => {
    const unary = [tf.tanh, tf.square, tf.neg, tf.relu, (x: tf.Tensor) => tf.transpose(x)];
    const binary = [tf.add, tf.mul, tf.sub, (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y)];
    const step = fc.record({ first: fc.nat(30), second: fc.nat(30), operation: fc.nat(8) });
    const property = fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
      const make = new RandomTensors(steps.length);
      const xs = [make.uniform([3, 3]), make.uniform([3, 3])];
      const loss: Loss = (...inputs) => {
        // Both come into it, or tfjs refuses.
        const known: tf.Tensor[] = [...inputs, tf.add(inputs[0]!, inputs[1]!)];
        for (const { first, second, operation } of steps) {
          const [x, y] = [known[first % known.length]!, known[second % known.length]!];
          const one = unary[operation];
          known.push(one ? one(x) : binary[operation - unary.length]!(x, y));
        }
        return tf.sum(tf.add(known.at(-1)!, known[2]!));
      };
      expectSameAsTfjs(loss, xs);
      tf.dispose(xs);
    });
    fc.assert(property, { numRuns: 60, seed: 3 });
  });

  test('the layers of tfjs: convolution, batch normalization, LSTM', () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv1d({ inputShape: [6, 2], filters: 4, kernelSize: 3, activation: 'relu' }),
        tfl.layers.batchNormalization(),
        tfl.layers.lstm({ units: 3 }),
        tfl.layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    const x = make.normal([5, 6, 2]);
    const variables = model.trainableWeights.map((weight) => weight.read());
    const loss = () => tf.mean(model.apply(x, { training: true }) as tf.Tensor);
    expectSameAsTfjs(loss, variables);
    model.dispose();
    x.dispose();
  });
});

test('the gradient of x itself is dy', () => {
  const x = tf.tensor1d([1, 2]);
  const before = alive();
  const gradients = ours((x) => x!, [x]);
  expect(valuesOf(gradients)).toEqual([{ shape: [2], values: [1, 1] }]);
  tf.dispose(gradients[0]!);
  expectNothingLeft(before);
  expect(Array.from(x.dataSync())).toEqual([1, 2]);
  x.dispose();
});

test('what no output depends on has none; several outputs have theirs added up', () => {
  const xs = [1, 2, 3].map((value) => tf.tensor1d([value, value]));
  const before = alive();
  tf.tidy(() => {
    const { result, tape } = recordTape(() => [tf.square(xs[0]!), tf.mul(xs[0]!, xs[1]!)]);
    const outputs = result.map((y, i) => [y, tf.tensor1d([1, 10 ** i])] as const);
    const gradients = backpropagate(tape, outputs, xs);
    expect(gradients.map((dx) => dx && Array.from(dx.dataSync()))).toEqual([
      [2 + 2, 2 + 20],
      [1, 10],
      undefined,
    ]);
    expect(outputs.map(([, dy]) => dy.isDisposed)).toEqual([false, false]);
  });
  expectNothingLeft(before);
  tf.dispose(xs);
});

describe('memory', () => {
  const SIZE = 1 << 16;

  test('what an operation saved is freed once its gradient is known', () => {
    const saved: tf.Tensor[] = [];
    const seen: boolean[][] = [];
    const watched = passing((dy, [kept]) => {
      saved.push(kept!);
      seen.push(saved.map((tensor) => tensor.isDisposed));
      return tf.mul(dy, 1);
    });
    const x = tf.ones([2]);
    tf.dispose(ours((x) => watched(watched(watched(x!))), [x]));
    expect(seen).toEqual([[false], [true, false], [true, true, false]]);
    x.dispose();
  });

  test('what does not depend on an x is freed before anything else', () => {
    const [x, y] = [tf.ones([SIZE]), tf.ones([SIZE])];
    tf.tidy(() => {
      const { result, tape } = recordTape(() => {
        let frozen = tf.tanh(y);
        for (let i = 0; i < 4; i++) frozen = tf.tanh(frozen);
        return tf.add(x, frozen);
      });
      const used = engine.heap.usedBytes;
      tf.dispose(result);
      const watch = engine.heap.watchPeak();
      tf.dispose(backpropagate(tape, [[result, x]], [x]));
      watch.stop();
      expect(watch.peakBytes).toBeLessThan(used);
      expect(engine.heap.usedBytes).toBe(used - 6 * 4 * SIZE);
    });
    tf.dispose([x, y]);
  });

  test('a chain needs but what it saved and a few gradients, far less than with tfjs', () => {
    const x = tf.ones([SIZE]);
    const length = 10;
    const loss = () => {
      let y: tf.Tensor = x;
      for (let i = 0; i < length; i++) y = tf.tanh(y);
      return y;
    };
    const peakOf = (run: () => unknown) => {
      const watch = engine.heap.watchPeak();
      const before = engine.heap.usedBytes;
      run();
      watch.stop();
      return (watch.peakBytes - before) / (4 * SIZE);
    };
    // The saved outputs, the first dy and this one, and in the gradient of tanh y^2, 1 - y^2, dx.
    expect(peakOf(() => tf.dispose(ours(loss, [x])))).toBeLessThan(length + 5.5);
    expect(peakOf(() => tf.dispose(tf.grad(loss)(x)))).toBeGreaterThan(2 * length);
    x.dispose();
  });
});

describe('errors leave nothing behind, and the next gradient is right', () => {
  const thrown = (run: () => unknown): AnyformerError => {
    try {
      run();
    } catch (error) {
      return error as AnyformerError;
    }
    return expect.unreachable('it should have failed');
  };
  const broken = (): never => {
    throw new Error('broken');
  };

  const cases: [string, Loss, Partial<AnyformerError>][] = [
    [
      'an operation that throws',
      (x) => tf.matMul(tf.tanh(x!), tf.tanh(tf.ones([7, 7]))),
      { message: expect.stringContaining('must match') },
    ],
    [
      'a function that throws between operations',
      (x) => tf.tidy(() => broken() ?? tf.tanh(tf.tanh(x!))),
      { message: 'broken' },
    ],
    [
      'a gradient that throws halfway',
      (x) => tf.tanh(passing(broken)(tf.tanh(tf.tanh(x!)))),
      { message: 'broken' },
    ],
    [
      'an operation without a gradient',
      (x) => tf.tanh(tf.topk(tf.tanh(x!), 1).values),
      { code: 'UNSUPPORTED', message: expect.stringContaining("'TopK' has no gradient, so") },
    ],
    [
      'an operation without a gradient by one of its inputs',
      (x) => {
        const ids = tf.tensor1d([0, 1, 1], 'int32');
        const y = tf.unsortedSegmentSum(tf.tanh(x!), ids, 2);
        const { state } = tf.engine();
        const node = state.activeTape.at(-1)!;
        node.gradient = () => ({});
        return tf.tanh(y);
      },
      { code: 'UNSUPPORTED', message: expect.stringMatching(/no gradient by its input 'x', so/) },
    ],
    [
      'a gradient of the wrong shape',
      (x) => tf.tanh(passing((dy) => tf.sum(dy))(tf.tanh(x!))),
      { code: 'INVALID_ARGUMENT', message: expect.stringContaining('of shape (); it must be') },
    ],
    [
      'a gradient of the wrong type',
      (x) => tf.tanh(passing((dy) => tf.cast(dy, 'int32'))(tf.tanh(x!))),
      { code: 'INVALID_ARGUMENT', message: expect.stringMatching(/is int32 of shape \(3, 3\)/) },
    ],
  ];

  test.each(cases)('%s', (_, loss, expected) => {
    const x = new RandomTensors(1).uniform([3, 3]);
    const before = alive();
    expect(thrown(() => ours(loss, [x]))).toMatchObject(expected);
    expectNothingLeft(before);
    expectSameAsTfjs((x) => tf.tanh(tf.square(x!)), [x]);
    x.dispose();
  });
});
