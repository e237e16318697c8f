import type { KernelDefinition } from '../kernelDefinition.ts';
import { bincountKernel } from './bincount.ts';
import { castKernel } from './cast.ts';
import { clipByValueKernel } from './clipByValue.ts';
import { complexKernels } from './complex.ts';
import { complexArithmeticKernels } from './complexArithmetic.ts';
import { conv2DBackpropFilterKernel } from './conv2DBackpropFilter.ts';
import { conv2DBackpropInputKernel } from './conv2DBackpropInput.ts';
import { convolutionKernels } from './convolution.ts';
import { depthwiseConv2DBackpropKernels } from './depthwiseConv2DBackprop.ts';
import { einsumKernel } from './einsum.ts';
import { fftKernels } from './fft.ts';
import { identityKernel } from './identity.ts';
import { poolingKernels } from './pooling.ts';
import { preluKernel } from './prelu.ts';
import { raggedKernels } from './ragged.ts';
import { reluKernels } from './relu.ts';
import { sliceKernel } from './slice.ts';
import { stringKernels } from './strings.ts';

/** The kernels that tfjs's WebAssembly backend lacks or gets wrong; most are named by tfjs-core's specs. */
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
  castKernel,
  ...complexKernels,
  ...complexArithmeticKernels,
  ...stringKernels,
  // For shapes and values that it gets wrong.
  bincountKernel,
  clipByValueKernel,
  ...convolutionKernels,
  identityKernel,
  ...poolingKernels,
  preluKernel,
  ...reluKernels,
  sliceKernel,
];
