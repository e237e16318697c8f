import '../../src/kernels/wholeTfjs.ts';
import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { AnyformerBackend } from '../../src/engine/backend.ts';
import { bindNativeKernels } from '../../src/engine/nativeKernels.ts';
import { bootTfjsBinary } from '../../src/engine/tfjsBinary.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { WasmFile } from '../../src/runtime/runtime.ts';

const load = async (file: WasmFile) => new WebAssembly.Module(await readFile(`dist/wasm/${file}`));

const [tfjsModule, kernelModule] = await Promise.all([
  load('tfjs-backend-wasm-simd.wasm'),
  load('anyformer.simd.wasm'),
]);
await createEngine({ relaxed: false, modules: load });

// Each group of specs throws its backend away and asks for a new one.
tf.removeBackend('wasm');
tf.registerBackend('wasm', async () => {
  const binary = await bootTfjsBinary(tfjsModule);
  const { native } = await bindNativeKernels('anyformer.simd.wasm', kernelModule, binary.heap);
  return new AnyformerBackend(binary, native);
});

// Under the name that the specs for Node look for, our own platform.
tf.env().setPlatform('node', tf.env().platform);
setTestEnvs([{ name: 'wasm', backendName: 'wasm', isDataSync: true }]);
