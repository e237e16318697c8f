import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bootEngine } from '../../src/engine/engine.ts';
import type { EngineOptions } from '../../src/engine/engineOptions.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { root } from '../support/builtPackage.ts';

describe('the engine', () => {
  it('tells what it runs on and what it holds', async () => {
    const engine = await createEngine();
    const before = engine.info();
    expect(before).toMatchObject({
      runtime: 'node',
      backend: 'wasm',
      simd: { enabled: true },
      threads: availableParallelism() > 1 ? { enabled: true } : { enabled: false, count: 1 },
    });
    expect(before.heapBytes).toBe(engine.heap.memory.buffer.byteLength);
    const x = tf.zeros([1000]);
    expect(engine.info().tensors).toBe(before.tensors + 1);
    expect(engine.info().tensorBytes).toBe(before.tensorBytes + 4000);
    const { usedHeapBytes, peakHeapBytes } = engine.info();
    expect(usedHeapBytes).toBe(before.usedHeapBytes + 4000);
    expect(peakHeapBytes).toBeGreaterThanOrEqual(usedHeapBytes);
    expect(peakHeapBytes).toBeLessThanOrEqual(before.heapBytes);
    x.dispose();
    expect(engine.info()).toEqual({ ...before, peakHeapBytes });
    expect(String(engine)).toMatch(
      /^anyformer on node, WebAssembly\nSIMD on, relaxed SIMD (on|off \(.+\)), threads (1 off \(.+\)|\d+ on)\nheap [\d.]+ MB, of which [\d.]+ MB in use \(at most [\d.]+ MB\), \d+ tensors alive \([\d.]+ MB\)$/,
    );
  });

  it('refuses a tensor that is too large, and works on afterwards', async () => {
    const { heap } = await createEngine();
    const [tensors, bytes] = [tf.memory().numTensors, heap.bytes];
    // 4 MB above 4 GB: as a 32-bit number that would be 4 MB.
    const huge = () => tf.tidy(() => tf.tile(tf.ones([2 ** 20]), [2 ** 10 + 1]));
    expect(huge).toThrow(/Out of memory: 4,100 MB more do not fit/);
    expect(tf.tidy(() => tf.sum(tf.ones([1000])).dataSync()[0])).toBe(1000);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(heap.bytes).toBeLessThan(bytes + 2 ** 28);
  });
});

describe('options', () => {
  it.each([
    [
      { relax: false },
      'UNKNOWN_OPTION',
      /'relax'; did you mean 'relaxed'\? Known are modules, relaxed, threads/,
    ],
    [{ relaxed: 'no' }, 'INVALID_ARGUMENT', /relaxed must be true or false, received 'no'/],
    [{ threads: 0 }, 'INVALID_ARGUMENT', /threads must be 'auto' or a whole number of at least 1/],
    [
      { modules: { 'anyformer.wasm': new Uint8Array(8) } },
      'UNKNOWN_OPTION',
      /unknown file 'anyformer.wasm' in modules; known are .*anyformer.simd.wasm/,
    ],
    [
      { modules: { 'anyformer.simd.wasm': './anyformer.simd.wasm' } },
      'INVALID_ARGUMENT',
      /anyformer.simd.wasm must be given as bytes.*received '.\/anyformer.simd.wasm'/,
    ],
    [{ modules: new Uint8Array(8) }, 'INVALID_ARGUMENT', /modules must be a function.*8 bytes/],
  ])('%j are refused', async (options, code, message) => {
    const failure = bootEngine(options as EngineOptions);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('an engine of its own process', () => {
  const run = promisify(execFile);
  const program = (body: string) =>
    run(process.execPath, ['--input-type=module', '-e', body], { cwd: root });

  it('takes its options at its start only', async () => {
    const { stdout } = await program(`
      import { createEngine } from 'anyformer';
      const engine = await createEngine({ relaxed: false });
      const { relaxedSimd } = engine.info();
      const refusal = await createEngine({ relaxed: true }).catch((error) => error);
      console.log(JSON.stringify({
        relaxedSimd,
        same: engine === (await createEngine()),
        code: refusal.code,
        message: refusal.message,
      }));
    `);
    expect(JSON.parse(stdout)).toEqual({
      relaxedSimd: { enabled: false, reason: 'switched off with relaxed: false' },
      same: true,
      code: 'ENGINE',
      message: expect.stringMatching(/runs already.*\(relaxed\).*before anything else/),
    });
  });

  it('starts from compiled modules, and again after a start that failed', async () => {
    const { stdout } = await program(`
      import { readFile } from 'node:fs/promises';
      import { createEngine } from 'anyformer';
      const failing = await createEngine({
        threads: 1,
        modules: async () => new Uint8Array(4),
      }).catch((error) => error.code);
      const loaded = [];
      const engine = await createEngine({
        threads: 1,
        relaxed: false,
        modules: async (file) => {
          loaded.push(file);
          return WebAssembly.compile(await readFile('dist/wasm/' + file));
        },
      });
      console.log(JSON.stringify({ failing, loaded, backend: engine.info().backend }));
    `);
    expect(JSON.parse(stdout)).toEqual({
      failing: 'ENGINE',
      loaded: ['tfjs-backend-wasm-simd.wasm', 'anyformer.simd.wasm'],
      backend: 'wasm',
    });
  });
});
