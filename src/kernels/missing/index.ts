import type { KernelDefinition } from '../kernelDefinition.ts';
import { bincountKernel } from './bincount.ts';
import { clipByValueKernel } from './clipByValue.ts';
import { complexKernels } from './complex.ts';
import { complexArithmeticKernels } from './complexArithmetic.ts';
import { conv2DBackpropFilterKernel } from './conv2DBackpropFilter.ts';
import { conv2DBackpropInputKernel } from './conv2DBackpropInput.ts';
import { convolutionKernels } from './convolution.ts';
import { depthwiseConv2DBackpropKernels } from './depthwiseConv2DBackprop.ts';
import { einsumKernel } from './einsum.ts';
import { fftKernels } from './fft.ts';
import { poolingKernels } from './pooling.ts';
import { raggedKernels } from './ragged.ts';
import { stringKernels } from './strings.ts';

/**
 * The kernels that tfjs's WebAssembly backend lacks or gets wrong; most are named by tfjs-core's specs.
 * Those of them that models run on stand in modelRegistry.ts.
 */
export const missingKernels: readonly KernelDefinition[] = [
  // Lacking.
  conv2DBackpropFilterKernel,
  ...depthwiseConv2DBackpropKernels,
  einsumKernel,
  ...fftKernels,
  ...raggedKernels,
  // Too slow to train with.
  conv2DBackpropInputKernel,
  // For types that it does not take.
  ...complexKernels,
  ...complexArithmeticKernels,
  ...stringKernels,
  // For shapes and values that it gets wrong.
  bincountKernel,
  clipByValueKernel,
  ...convolutionKernels,
  ...poolingKernels,
];
