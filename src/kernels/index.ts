import { fusedMatMulKernel } from './fusedMatMul.ts';
import type { KernelDefinition } from './kernelDefinition.ts';
import { missingKernels } from './missing/index.ts';
import { modelRegistry } from './modelRegistry.ts';

/** Those that only the operations of `anyformer/tf` run on. */
export const otherKernels: readonly KernelDefinition[] = [
  // tfjs's own, faster.
  fusedMatMulKernel,
  // tfjs's own, which its WebAssembly backend lacks or gets wrong.
  ...missingKernels,
];

/** Every kernel we add to tfjs's 'wasm' backend or replace in it, one row each. */
export const registry: readonly KernelDefinition[] = [...modelRegistry, ...otherKernels];
