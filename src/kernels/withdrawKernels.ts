import * as tf from '@tensorflow/tfjs-core';
import { BACKEND } from './kernelDefinition.ts';

// tfjs warns of every kernel that is registered twice. Where an engine runs already when wholeTfjs.ts
// is loaded, its kernels make room first; they are back before anything else can run.
for (const { kernelName } of tf.getKernelsForBackend(BACKEND)) {
  tf.unregisterKernel(kernelName, BACKEND);
}
