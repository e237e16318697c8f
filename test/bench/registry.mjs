/** The rows of the bench by name, in the order in which they run. */
export const registry = {
  'train-step': () => import('./rows/train-step.mjs'),
  gemm: () => import('./rows/gemm.mjs'),
  attention: () => import('./rows/attention.mjs'),
  'layer-norm': () => import('./rows/layer-norm.mjs'),
  gelu: () => import('./rows/gelu.mjs'),
  'cross-entropy': () => import('./rows/cross-entropy.mjs'),
  embedding: () => import('./rows/embedding.mjs'),
  adamw: () => import('./rows/adamw.mjs'),
  memory: () => import('./rows/memory.mjs'),
};
