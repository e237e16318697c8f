/**
 * The backend of tfjs in plain JavaScript, with all kernels and gradients. No entry of the package: a page
 * loads it where it may not run WebAssembly, and nobody else does.
 */
import '@tensorflow/tfjs-backend-cpu/dist/register_all_kernels.js';
// What our kernels stand for is composed of more operations than models on WebAssembly call.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu.js';
import { registerSegmentSum } from './kernels/segmentSumInJavaScript.ts';

export function createBackend(): MathBackendCPU {
  registerSegmentSum();
  return new MathBackendCPU();
}
