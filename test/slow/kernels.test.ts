import { describe, expect, test } from 'vitest';
import { builds, GuardedMemory } from '../wasm/guardedMemory.ts';
import { attentionRows } from './kernels/attention.ts';
import { decodingRows } from './kernels/decoding.ts';
import { elementwiseRows } from './kernels/elementwise.ts';
import { normalizationRows } from './kernels/normalization.ts';
import { optimizerRows } from './kernels/optimizers.ts';
import { productRows } from './kernels/products.ts';
import { sequenceRows } from './kernels/sequences.ts';
import { softmaxRows } from './kernels/softmax.ts';
import { sumRows } from './kernels/sums.ts';

// Random shapes, strides, options and splits of every kernel against its scalar reference. A new
// kernel is a row in kernels/. fast-check prints the seed and the path of what fails: give them to
// fc.assert in kernels/fuzzedKernel.ts to run it again.

/** In all, for each build. */
const SHAPES = 10_000;

/** Every kernel, one row each. */
const rows = [
  ...attentionRows,
  ...decodingRows,
  ...elementwiseRows,
  ...normalizationRows,
  ...optimizerRows,
  ...productRows,
  ...sequenceRows,
  ...softmaxRows,
  ...sumRows,
];

/** Exports that compute nothing: they start the module and tell sizes. */
const isHelper = (name: string) =>
  /(Bytes|Chunks)$/.test(name) || ['initialize', 'rowsPerChunk'].includes(name);

/** A memory that notes which kernels are called. */
function watchedMemory(module: WebAssembly.Module) {
  const memory = new GuardedMemory(module);
  const called = new Set<string>();
  const kernels = new Proxy(memory.kernels, {
    get(all, name: string) {
      called.add(name);
      return all[name];
    },
  });
  Object.assign(memory, { kernels });
  return { memory, called };
}

describe.each(builds)(`${SHAPES} random shapes, $name build`, ({ module }) => {
  test('every kernel has a row', () => {
    const exports = Object.keys(new GuardedMemory(module).kernels);
    const kernels = exports.filter((name) => !isHelper(name));
    expect(rows.map(({ kernel }) => kernel).sort()).toEqual(kernels.sort());
  });

  test.each(rows)('$kernel', { timeout: 600_000 }, ({ kernel, check }) => {
    const { memory, called } = watchedMemory(module);
    check(memory, Math.ceil(SHAPES / rows.length));
    expect(called).toContain(kernel);
  });
});
