import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/kernels/createEngine.ts';
import { expectClose, expectNumbersClose, RandomTensors } from '../../support/tensors.ts';

beforeAll(async () => {
  await createEngine();
});

afterEach(async () => {
  await tf.setBackend('wasm');
});

type Values = number[] | string[];

/** Runs on one backend; what is made from the seed is the same on both. Nothing may be left. */
async function valuesOn(backend: string, seed: number, run: (make: RandomTensors) => tf.Tensor) {
  await tf.setBackend(backend);
  const before = { tensors: tf.memory().numTensors, dataIds: tf.backend().numDataIds() };
  const result = tf.tidy(() => {
    const y = run(new RandomTensors(seed));
    return { shape: y.shape, dtype: y.dtype, values: Array.from(y.dataSync()) as Values };
  });
  const after = { tensors: tf.memory().numTensors, dataIds: tf.backend().numDataIds() };
  expect(after).toEqual(before);
  return result;
}

async function expectSameAsCpu(run: (make: RandomTensors) => tf.Tensor, tolerance = 1e-5) {
  const seed = 7;
  const actual = await valuesOn('wasm', seed, run);
  const expected = await valuesOn('cpu', seed, run);
  expect([actual.shape, actual.dtype]).toEqual([expected.shape, expected.dtype]);
  if (actual.dtype === 'string') expect(actual.values).toEqual(expected.values);
  else expectNumbersClose(actual.values as number[], expected.values as number[], tolerance);
}

const convolution = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 4, max: 9 }),
  width: fc.integer({ min: 4, max: 9 }),
  filterHeight: fc.integer({ min: 1, max: 4 }),
  filterWidth: fc.integer({ min: 1, max: 4 }),
  inChannels: fc.integer({ min: 1, max: 5 }),
  outChannels: fc.integer({ min: 1, max: 9 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('same' as const, 'valid' as const),
});

describe('gradients of convolutions', () => {
  test('conv2d, channels last', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async (c) => {
        await expectSameAsCpu((make) => {
          const x = make.normal<tf.Rank.R4>([c.batch, c.height, c.width, c.inChannels]);
          const filter = make.normal<tf.Rank.R4>([
            c.filterHeight,
            c.filterWidth,
            c.inChannels,
            c.outChannels,
          ]);
          const f = (a: tf.Tensor, w: tf.Tensor) =>
            tf.square(tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, c.stride, c.pad));
          const [dx, dw] = tf.grads(f)([x, filter]);
          return tf.concat([dx!.flatten(), dw!.flatten()]);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('conv2d, more places than fit in one block', async () => {
    await expectSameAsCpu((make) => {
      const x = make.normal<tf.Rank.R4>([2, 400, 300, 9]);
      const filter = make.normal<tf.Rank.R4>([3, 2, 9, 1]);
      return tf.grad((w) => tf.conv2d(x, w as tf.Tensor4D, 1, 'same'))(filter);
    }, 1e-4);
  });

  test('depthwiseConv2d', async () => {
    await fc.assert(
      fc.asyncProperty(convolution, fc.constantFrom(1, 2, 3), async (c, multiplier) => {
        for (const which of [0, 1]) {
          await expectSameAsCpu((make) => {
            const x = make.normal<tf.Rank.R4>([c.batch, c.height, c.width, c.inChannels]);
            const size = [c.filterHeight, c.filterWidth, c.inChannels, multiplier] as const;
            const filter = make.normal<tf.Rank.R4>([...size]);
            const f = (a: tf.Tensor, w: tf.Tensor) =>
              tf.square(tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, c.stride, c.pad));
            return tf.grads(f)([x, filter])[which]!;
          });
        }
      }),
      { numRuns: 20 },
    );
  });
});

test.each(['NHWC', 'NCHW'] as const)(
  'fused convolution with every epilogue, %s',
  async (dataFormat) => {
    const shape: tf.ShapeMap[tf.Rank.R4] = dataFormat === 'NHWC' ? [2, 5, 5, 3] : [2, 3, 5, 5];
    for (const activation of [
      'linear',
      'relu',
      'relu6',
      'elu',
      'prelu',
      'leakyrelu',
      'sigmoid',
    ] as const) {
      for (const bias of dataFormat === 'NHWC' ? [[], [4], [5, 5, 4]] : [[], [4]]) {
        await expectSameAsCpu((make) =>
          tf.fused.conv2d({
            x: make.normal<tf.Rank.R4>(shape),
            filter: make.normal<tf.Rank.R4>([3, 3, 3, 4]),
            strides: 1,
            pad: 'same',
            dataFormat,
            bias: make.normal(bias as [number]) as tf.Tensor,
            activation: activation as tf.fused.Activation,
            preluActivationWeights: make.normal<tf.Rank.R1>([4]),
            leakyreluAlpha: 0.3,
          }),
        );
      }
    }
  },
);

test.each([
  ['ij,jk->ik', [3, 4], [4, 5]],
  ['bhqd,bhkd->bhqk', [2, 3, 4, 5], [2, 3, 6, 5]],
  ['bhqk,bhkd->bqhd', [2, 3, 4, 5], [2, 3, 5, 6]],
  ['abc,cd->dab', [2, 3, 4], [4, 5]],
  ['i,j->ji', [3], [4]],
  ['ij,ij->', [3, 4], [3, 4]],
  ['abc,db->ad', [2, 3, 4], [5, 3]],
  ['abc->ca', [2, 3, 4]],
  ['ab->ba', [2, 3]],
  ['ab->ab', [2, 3]],
])('einsum %s', async (equation, ...shapes) => {
  await expectSameAsCpu((make) =>
    tf.einsum(equation, ...shapes.map((shape) => make.normal(shape as [number]))),
  );
});

test('FFT and its inverse, of any length', async () => {
  const lengths = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 97, 125, 128));
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 3 }), async (length, batch) => {
      for (const transform of [tf.fft, tf.ifft]) {
        await expectSameAsCpu((make) => {
          const size: [number, number] = [batch, length];
          const y = transform(
            tf.complex(make.normal<tf.Rank.R2>(size), make.normal<tf.Rank.R2>(size)),
          );
          return tf.stack([tf.real(y), tf.imag(y)]);
        });
      }
    }),
    { numRuns: 30 },
  );
});

test('complex arithmetic, with broadcasting', () => {
  // By its parts: tfjs's cpu backend reads past the end where it broadcasts.
  const make = new RandomTensors(3);
  for (const [first, second] of [
    [[2, 3], [3]],
    [
      [2, 1],
      [1, 3],
    ],
    [[], [4]],
    [[3], [3]],
  ]) {
    tf.tidy(() => {
      const [a, b] = [first!, first!].map((shape) => make.normal(shape as [number]));
      const [c, d] = [second!, second!].map((shape) => make.normal(shape as [number]));
      const x = tf.complex(a!, b!);
      const y = tf.complex(c!, d!);
      const expectParts = (z: tf.Tensor, real: tf.Tensor, imaginary: tf.Tensor) => {
        expectClose(tf.real(z), real);
        expectClose(tf.imag(z), imaginary);
      };
      expectParts(tf.add(x, y), tf.add(a!, c!), tf.add(b!, d!));
      expectParts(tf.sub(x, y), tf.sub(a!, c!), tf.sub(b!, d!));
      const real = tf.sub(tf.mul(a!, c!), tf.mul(b!, d!));
      expectParts(tf.mul(x, y), real, tf.add(tf.mul(a!, d!), tf.mul(b!, c!)));
    });
  }
});

test('a complex tensor is concatenated, cloned, reshaped and cast', async () => {
  await expectSameAsCpu((make) => {
    const x = tf.complex(make.normal<tf.Rank.R2>([2, 3]), make.normal<tf.Rank.R2>([2, 3]));
    const y = tf
      .concat([x, tf.onesLike(x), tf.zerosLike(x)], 1)
      .clone()
      .reshape([3, 6]);
    return tf.stack([tf.real(y), tf.imag(y), tf.cast(y, 'float32')]);
  });
});

test('casts, with NaN and infinity', async () => {
  for (const from of ['float32', 'int32', 'bool'] as const) {
    for (const to of ['float32', 'int32', 'bool'] as const) {
      const values =
        from === 'float32' ? [0, -0, 0.5, 3, -7.9, Infinity, -Infinity, NaN] : [0, 1, 3];
      await expectSameAsCpu(() => tf.cast(tf.cast(tf.tensor1d(values), from), to));
    }
  }
});

test('prelu with an alpha for every axis', async () => {
  for (const alpha of [[], [1], [4], [3, 1], [2, 1, 1], [2, 3, 4], [1, 3, 4]]) {
    await expectSameAsCpu((make) => {
      return tf.prelu(make.normal<tf.Rank.R3>([2, 3, 4]), make.normal<tf.Rank.R3>(alpha as never));
    });
  }
});

test('prelu with an alpha of NaN or Infinity, which positive numbers do not meet', async () => {
  await expectSameAsCpu(() => tf.prelu(tf.tensor1d([1, -1, 2]), tf.tensor1d([NaN, NaN, Infinity])));
});

test('relu and relu6 leave NaN, also the negative one that Infinity - Infinity is', async () => {
  for (const relu of [tf.relu, tf.relu6]) {
    await expectSameAsCpu(() => {
      const x = tf.tensor1d([Infinity, NaN, -Infinity, 7, -1]);
      return tf.concat([relu(x), relu(tf.sub(x, x)), relu(tf.add(x, tf.neg(x)))]);
    });
  }
});

test.each(['relu', 'relu6', 'prelu'] as const)(
  'a fused convolution leaves NaN: %s',
  async (activation) => {
    for (const infinite of [[NaN], [Infinity, -Infinity]]) {
      await expectSameAsCpu((make) => {
        const x = make.normal<tf.Rank.R4>([1, 3, 3, 2]);
        const filter = tf.concat(
          [
            tf.tensor4d([...infinite, ...infinite].slice(0, 2), [1, 1, 2, 1]),
            make.normal([1, 1, 2, 2]),
          ],
          3,
        );
        const alpha =
          activation === 'prelu' ? { preluActivationWeights: tf.tensor1d([1, NaN, 0.5]) } : {};
        return tf.fused.conv2d({
          x,
          filter: filter as tf.Tensor4D,
          strides: 1,
          pad: 'valid',
          bias: tf.zeros([3]),
          activation,
          ...alpha,
        });
      });
    }
  },
);

test('pooling of NaN and infinite numbers', async () => {
  for (const pool of [tf.maxPool, tf.avgPool]) {
    await expectSameAsCpu((make) => {
      const x = make.normal<tf.Rank.R4>([1, 4, 4, 3]);
      const special = tf.tensor1d([NaN, Infinity, -Infinity]);
      const isSpecial = tf.less(make.uniform([4, 4, 3]), 0.2);
      return pool(tf.where(isSpecial, special, x as tf.Tensor) as tf.Tensor4D, 2, 1, 'valid');
    });
  }
});

test('the gradient of maxPool, of negative numbers too', async () => {
  for (const shift of [-9, 0, 9]) {
    for (const pad of ['same', 'valid'] as const) {
      await expectSameAsCpu((make) => {
        const x = tf.add(make.normal<tf.Rank.R4>([2, 5, 6, 3]), shift);
        return tf.grad((a) => tf.square(tf.maxPool(a as tf.Tensor4D, [3, 2], [2, 1], pad)))(x);
      });
    }
  }
});

test('clipping leaves NaN and takes integers', async () => {
  await expectSameAsCpu(() => tf.clipByValue(tf.tensor1d([NaN, -5, 0.5, 5, Infinity]), -1, 1));
  await expectSameAsCpu(() => tf.clipByValue(tf.tensor1d([-5, 0, 5], 'int32'), -1, 2));
});

test('strings are compared, filled, tiled and replaced', async () => {
  const words = () => tf.tensor2d(['ä', 'b', '', 'zebra', 'b', 'a'], [2, 3], 'string');
  for (const compare of [
    tf.equal,
    tf.notEqual,
    tf.less,
    tf.lessEqual,
    tf.greater,
    tf.greaterEqual,
  ]) {
    await expectSameAsCpu(() => compare(words(), tf.tensor1d(['b', 'b', 'é'], 'string')));
  }
  await expectSameAsCpu(() => tf.tile(words(), [2, 3]));
  await expectSameAsCpu(() => tf.fill([2, 2], 'word', 'string' as 'float32'));
  await expectSameAsCpu(() => tf.string.staticRegexReplace(words(), '[a-b]', '<$&>'));
});

test('ragged tensors', async () => {
  const splits = () => tf.tensor1d([0, 2, 2, 5], 'int32');
  await expectSameAsCpu((make) => {
    const values = make.normal<tf.Rank.R2>([5, 2]);
    const indices = tf.tensor1d([2, 0, 1], 'int32');
    return tf.raggedGather([splits()], values, indices, 1).outputDenseValues;
  });
  await expectSameAsCpu((make) => {
    const shape = tf.tensor1d([3, 4], 'int32');
    const partitions = [splits()];
    return tf.raggedTensorToTensor(shape, make.normal([5]), tf.scalar(-1), partitions, [
      'ROW_SPLITS',
    ]);
  });
});

test('a clone shares memory, and outlives its original', async () => {
  const { backend } = await createEngine();
  await tf.setBackend('wasm');
  const before = tf.memory().numTensors;
  const original = tf.tensor1d([1, 2, 3]);
  const clone = original.clone();
  expect(backend!.pointer(clone)).toBe(backend!.pointer(original));
  original.dispose();
  expect(Array.from(clone.dataSync())).toEqual([1, 2, 3]);
  clone.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a slice beyond the end is refused', () => {
  expect(() => tf.slice(tf.zeros([4, 3]), [1, 1], [10, 10])).toThrow(/Error in slice2D/);
});
