/**
 * All of tfjs instead of what models need: every kernel and gradient, the operations as methods of
 * tensors, the optimizers by name, the stores for models. Importing it is enough, also after the
 * engine has started.
 */
import './withdrawKernels.ts';
import '@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/platforms/platform_browser.js';
import { registerOptimizers } from '@tensorflow/tfjs-core/dist/optimizers/register_optimizers.js';
import { addKernels } from './equipment.ts';
import { otherKernels } from './index.ts';

registerOptimizers();
addKernels(otherKernels);
