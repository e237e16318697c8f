import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guestViolations, outline } from '../../wasm/inspect.mjs';

const bytesOf = (file: string) =>
  new Uint8Array(readFileSync(new URL(`../../dist/wasm/${file}`, import.meta.url)));

const builds = [
  { file: 'anyformer.simd.wasm', shared: false },
  { file: 'anyformer.relaxed.wasm', shared: false },
  { file: 'anyformer.simd.shared.wasm', shared: true },
  { file: 'anyformer.relaxed.shared.wasm', shared: true },
];

describe.each(builds)('$file', ({ file }) => {
  const bytes = bytesOf(file);

  it('brings no data, no stack and no memory into the memory of its host', () => {
    expect(guestViolations(bytes)).toEqual([]);
    expect(outline(bytes).imports).toEqual([{ from: 'env', name: 'memory', kind: 'memory' }]);
  });

  it('exports the same functions as every other build', () => {
    const names = (of: string) => outline(bytesOf(of)).exports.map(({ name }) => name);
    expect(names(file)).toContain('f32_gemm_rows');
    expect(names(file)).toEqual(names(builds[0]!.file));
  });
});

const runnable = builds.filter(({ file }) => WebAssembly.validate(bytesOf(file)));
for (const { file } of builds.filter((build) => !runnable.includes(build))) {
  console.warn(`left out: instances of ${file} (this runtime cannot compile it)`);
}

describe.each(runnable)('an instance of $file', ({ file, shared }) => {
  const bytes = bytesOf(file);

  it('links to memories of any size, and names agree', () => {
    const module = new WebAssembly.Module(bytes);
    const limits = [
      { initial: 1, maximum: 1 },
      { initial: 256, maximum: 32768 },
      { initial: 256, maximum: 65536 },
    ];
    for (const limit of limits) {
      const memory = new WebAssembly.Memory({ ...limit, shared });
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      expect(Object.keys(exports)).toEqual(outline(bytes).exports.map(({ name }) => name));
    }
  });

  it('writes its constants and nothing beside them', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    const { initialize, tableBytes } = instance.exports as Record<string, (x?: number) => number>;
    const content = new Uint8Array(memory.buffer).fill(0xa5);
    const address = 4096;
    initialize!(address);
    const end = address + tableBytes!();
    const outside = [...content.subarray(0, address), ...content.subarray(end)];
    expect(outside.every((byte) => byte === 0xa5)).toBe(true);
    expect(content.subarray(address, end).every((byte) => byte === 0xa5)).toBe(false);
  });
});

describe('guestViolations', () => {
  it('finds what a module with memory, data, stack and imports of its own would do', () => {
    const found = guestViolations(bytesOf('tfjs-backend-wasm-simd.wasm')).join('\n');
    expect(found).toContain('has data segments');
    expect(found).toContain('globals');
    expect(found).toContain('imports the function');
    expect(found).toContain('exports the memory');
  });
});
