/** The rows of the bench by name, in the order in which they run. */
export const registry = {
  gemm: () => import('./rows/gemm.mjs'),
  attention: () => import('./rows/attention.mjs'),
  'layer-norm': () => import('./rows/layer-norm.mjs'),
  gelu: () => import('./rows/gelu.mjs'),
  'cross-entropy': () => import('./rows/cross-entropy.mjs'),
  embedding: () => import('./rows/embedding.mjs'),
  adamw: () => import('./rows/adamw.mjs'),
  'predict-latency': () => import('./rows/predict-latency.mjs'),
  'train-step-128': async () => (await import('./rows/train-step.mjs')).at(128),
  'train-step-500': async () => (await import('./rows/train-step.mjs')).at(500),
  'nanogpt-step': () => import('./rows/nanogpt-step.mjs'),
  'memory-128': async () => (await import('./rows/memory.mjs')).at(128),
  'memory-500': async () => (await import('./rows/memory.mjs')).at(500),
  threads: () => import('./rows/threads.mjs'),
  'busy-core': () => import('./rows/busy-core.mjs'),
};
