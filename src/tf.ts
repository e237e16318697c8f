/**
 * `anyformer/tf`: the TensorFlow.js that runs on our engine, to write models with by hand.
 *
 * It is a copy of its own: another TensorFlow.js on the same page neither sees it nor disturbs it.
 * Start the engine first, with `createEngine()`.
 */
import './kernels/wholeTfjs.ts';
import type { Engine } from './engine/engine.ts';
import type { EngineOptions } from './engine/engineOptions.ts';
import { createEngine as startEngine } from './kernels/createEngine.ts';
import { registerLayers } from './layers/index.ts';

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

export * from './layers/index.ts';

/**
 * Starts the engine, as `createEngine` of the main entry does, and makes our layers known to
 * `loadLayersModel`.
 */
export async function createEngine(options?: EngineOptions): Promise<Engine> {
  registerLayers();
  return startEngine(options);
}
