import * as tf from '@tensorflow/tfjs-core';
import type { KernelCase, MakeCase } from './kernelCases.ts';
import type { RandomTensors } from './tensors.ts';

// The operations of tfjs whose kernels we replace or add, in the form of kernelCases.ts: what they are
// compared with is the same operation on another backend.

type R2 = tf.Tensor2D;
type R4 = tf.Tensor4D;

/** An operation on tensors made for it. */
function row(
  name: string,
  inputs: (make: RandomTensors, sizes: readonly [number, number, number]) => tf.Tensor[],
  run: KernelCase['run'],
  hasGradient = true,
): [string, MakeCase] {
  return [
    name,
    (make, sizes) => ({ inputs: inputs(make, sizes), run, composed: run, hasGradient }),
  ];
}

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const name = (transposed: boolean) => (transposed ? 'T' : 'N');

const products = transposes.flatMap(([transposeA, transposeB]) => {
  const kind = `${name(transposeA)}${name(transposeB)}`;
  const shapes = (M: number, K: number, N: number): [number[], number[]] => [
    transposeA ? [K, M] : [M, K],
    transposeB ? [N, K] : [K, N],
  ];
  const run: KernelCase['run'] = (a, b) => tf.matMul(a!, b!, transposeA, transposeB);
  return [
    row(
      `matMul ${kind}`,
      (make, [M, K, N]) => shapes(M, K, N).map((shape) => make.symmetric(shape as [number])),
      run,
    ),
    row(
      `matMul ${kind} of a batch`,
      (make, [M, K, N]) =>
        shapes(M, K, N).map((shape) => make.symmetric([3, ...shape] as [number, number, number])),
      run,
    ),
  ];
});

const fusedActivations = [
  ...['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'prelu', 'leakyrelu'],
] as tf.fused.Activation[];

/** What `tf.fused` is told about the activation; prelu's slopes are its last input. */
function ending(activation: tf.fused.Activation, alpha: tf.Tensor | undefined) {
  const slopes = alpha ? { preluActivationWeights: alpha } : {};
  return { activation, leakyreluAlpha: 0.3, ...slopes };
}

const slopes = (make: RandomTensors, activation: tf.fused.Activation, N: number) =>
  activation === 'prelu' ? [make.uniform([N])] : [];

const fusedProducts = fusedActivations.flatMap((activation) =>
  [true, false].map((isRow) =>
    row(
      `fused.matMul ${activation}, bias of ${isRow ? 'a row' : 'a matrix'}`,
      (make, [M, K, N]) => [
        make.symmetric([M, K]),
        make.symmetric([K, N]),
        make.symmetric(isRow ? [N] : [M, N]),
        ...slopes(make, activation, N),
      ],
      (a, b, bias, alpha) =>
        tf.fused.matMul({ a: a as R2, b: b as R2, bias: bias!, ...ending(activation, alpha) }),
    ),
  ),
);

const sums = [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]].map((axes) =>
  row(
    `sum over ${axes}`,
    (make, sizes) => [make.symmetric([...sizes])],
    (x) => tf.sum(x!, axes),
  ),
);

// Without padding: there tfjs's WebAssembly backend multiplies zeros, and its cpu backend nothing.
const image = (make: RandomTensors, channels: number) => make.symmetric([2, 5, 4, channels]);

const convolutions = [
  row(
    'conv2d',
    (make, [, , D]) => [image(make, D), make.symmetric([3, 2, D, 3])],
    (x, filter) => tf.conv2d(x as R4, filter as R4, 1, 'valid'),
  ),
  row(
    'depthwiseConv2d',
    (make, [, , D]) => [image(make, D), make.symmetric([3, 2, D, 2])],
    (x, filter) => tf.depthwiseConv2d(x as R4, filter as R4, 1, 'valid'),
  ),
];

/** The fused convolution of all channels, or of each of its own. */
function fusedConvolution(activation: tf.fused.Activation, isDepthwise: boolean) {
  const compute = isDepthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
  const outputs = isDepthwise ? 1 : 3;
  return row(
    `fused.${isDepthwise ? 'depthwiseConv2d' : 'conv2d'} ${activation}`,
    (make, [, , D]) => {
      const channels = isDepthwise ? D : outputs;
      return [
        ...[image(make, D), make.symmetric([3, 2, D, outputs]), make.symmetric([channels])],
        ...slopes(make, activation, channels),
      ];
    },
    (x, filter, bias, alpha) => {
      const inputs = { x: x as R4, filter: filter as R4, bias: bias! };
      return compute({ ...inputs, strides: 1, pad: 'valid', ...ending(activation, alpha) });
    },
  );
}

const fusedConvolutions = fusedActivations.flatMap((activation) =>
  [false, true].map((isDepthwise) => fusedConvolution(activation, isDepthwise)),
);

const einsums = ['ij,jk->ik', 'ij,ij->', 'ij,jk->kji'].map((equation) =>
  row(
    `einsum ${equation}`,
    (make, [I, J, K]) => [
      make.symmetric([I, J]),
      make.symmetric(equation.startsWith('ij,ij') ? [I, J] : [J, K]),
    ],
    (a, b) => tf.einsum(equation, a!, b!),
    false,
  ),
);

/** Complex numbers go in and come out as their two parts. */
const parts = (z: tf.Tensor) => tf.stack([tf.real(z), tf.imag(z)]);
const complexOperations = (
  [
    ['add', tf.add],
    ['sub', tf.sub],
    ['mul', tf.mul],
  ] as const
).map(([operation, compute]) =>
  row(
    `complex ${operation}`,
    (make, [, T, D]) => [0, 1, 2, 3].map(() => make.symmetric([T, D])),
    (a, b, c, d) => parts(compute(tf.complex(a!, b!), tf.complex(c!, d!))),
    false,
  ),
);

export const tfjsCases: readonly [name: string, make: MakeCase][] = [
  ...products,
  ...fusedProducts,
  ...sums,
  [
    'gather',
    (make, [B, T, D]) => {
      const ids = make.below<tf.Rank.R2>(T, [B, 3]);
      const run: KernelCase['run'] = (x) => tf.gather(x!, ids);
      return { inputs: [make.symmetric([T, D])], run, composed: run };
    },
  ],
  [
    'unsortedSegmentSum',
    (make, [, T, D]) => {
      const ids = make.below<tf.Rank.R1>(3, [T]);
      const run: KernelCase['run'] = (x) => tf.unsortedSegmentSum(x!, ids, 4);
      return { inputs: [make.symmetric([T, D])], run, composed: run };
    },
  ],
  row(
    'softmax',
    (make, sizes) => [make.normal([...sizes])],
    (x) => tf.softmax(x!),
  ),
  row(
    'logSoftmax',
    (make, sizes) => [make.normal([...sizes])],
    (x) => tf.logSoftmax(x!),
  ),
  row(
    'relu6',
    (make, sizes) => [make.awayFromCorners([...sizes])],
    (x) => tf.relu6(x!),
  ),
  row(
    'prelu',
    (make, [B, T, D]) => [make.awayFromCorners([B, T, D]), make.uniform([D])],
    (x, alpha) => tf.prelu(x!, alpha!),
  ),
  row(
    'prelu, a slope for each element',
    (make, [B, T, D]) => [make.awayFromCorners([B, T, D]), make.uniform([T, D])],
    (x, alpha) => tf.prelu(x!, alpha!),
  ),
  row(
    'clipByValue',
    (make, sizes) => [make.awayFromCorners([...sizes])],
    (x) => tf.clipByValue(x!, -1, 1),
  ),
  ...convolutions,
  ...fusedConvolutions,
  row(
    'maxPool',
    (make, [, , D]) => [make.distinct([2, 5, 4, D])],
    (x) => tf.maxPool(x as R4, 2, 1, 'valid'),
  ),
  row(
    'avgPool',
    (make, [, , D]) => [make.symmetric([2, 5, 4, D])],
    (x) => tf.avgPool(x as R4, 2, 1, 'valid'),
  ),
  ...einsums,
  ...complexOperations,
  row(
    'abs of complex numbers',
    (make, [, T, D]) => [make.symmetric([T, D]), make.symmetric([T, D])],
    (a, b) => tf.abs(tf.complex(a!, b!)),
    false,
  ),
];
