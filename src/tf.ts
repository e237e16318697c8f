/**
 * `anyformer/tf`: the TensorFlow.js that runs on our engine, to write models with by hand.
 *
 * It is a copy of its own: another TensorFlow.js on the same page neither sees it nor disturbs it.
 * Start the engine first, with `createEngine()`.
 */
export * from '@tensorflow/tfjs-core';
export {
  constraints,
  initializers,
  input,
  type LayersModel,
  layers,
  loadLayersModel,
  metrics,
  model,
  models,
  regularizers,
  type Sequential,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
export { createEngine } from './kernels/createEngine.ts';
export * from './layers/index.ts';
