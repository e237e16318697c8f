import { beforeAll, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { bootTfjsBinary, type TfjsBinary } from '../../src/engine/tfjsBinary.ts';
import { runtime } from '../../src/runtime/node.ts';

const FILE = 'tfjs-backend-wasm-simd.wasm';

/** Writes a pattern that tells the address, and says whether it still stands. */
function fillAndCheck({ heap }: TfjsBinary, bytes: number): () => boolean {
  const pointer = heap.malloc(bytes);
  const at = () => heap.i32.subarray(pointer / 4, (pointer + bytes) / 4);
  at().forEach((_, i, values) => {
    values[i] = pointer + i;
  });
  return () => at().every((value, i) => value === pointer + i);
}

describe('bootTfjsBinary', () => {
  let binary: TfjsBinary;
  beforeAll(async () => {
    binary = await bootTfjsBinary(await runtime.loadWasm(FILE));
  });

  it('boots from bytes, a buffer and a compiled module alike', async () => {
    const bytes = new Uint8Array((await runtime.loadWasm(FILE)) as Uint8Array<ArrayBuffer>);
    const module = await WebAssembly.compile(bytes);
    for (const source of [bytes, bytes.buffer, module]) {
      const one = await bootTfjsBinary(source);
      expect(fillAndCheck(one, 4096)()).toBe(true);
    }
  });

  it('refuses what is no WebAssembly by the name of the file', async () => {
    for (const source of [new Uint8Array(8), new Uint8Array(0)]) {
      await expect(bootTfjsBinary(source)).rejects.toMatchObject({
        code: 'ENGINE',
        message: expect.stringMatching(
          /^tfjs-backend-wasm-simd\.wasm could not be started: .*complete/,
        ),
      });
    }
  });

  it('throws when memory is full, says what to do, and works on afterwards', () => {
    const { heap } = binary;
    const check = fillAndCheck(binary, 1 << 16);
    const held: number[] = [];
    // The first may still fit where a host gives that much.
    const fill = () => {
      for (let n = 0; n < 2; n++) held.push(heap.malloc(3.8 * 2 ** 30));
    };
    expect(fill).toThrow(AnyformerError);
    expect(fill).toThrow(
      /^Out of memory: 3,892 MB more do not fit .* at most 3,968 MB\. Use a smaller batchSize/,
    );
    for (const pointer of held) heap.free(pointer);
    expect(heap.bytes).toBeLessThan(2 ** 32);
    for (const bytes of [2 ** 32, 2 ** 32 + 100, Infinity]) {
      expect(() => heap.malloc(bytes)).toThrow(/^Out of memory/);
    }
    expect(check()).toBe(true);
    expect(fillAndCheck(binary, 1 << 20)()).toBe(true);
  });

  it('gives nothing beyond the end of a memory that fills up, in blocks of any size', async () => {
    const { heap } = await bootTfjsBinary(await runtime.loadWasm(FILE));
    const blocks: { pointer: number; end: number }[] = [];
    for (let bytes = 2 ** 30; bytes >= 2 ** 12; bytes /= 2) {
      try {
        for (;;) {
          const pointer = heap.malloc(bytes);
          expect(pointer + bytes).toBeLessThanOrEqual(heap.bytes);
          blocks.push({ pointer, end: pointer + bytes });
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'OUT_OF_MEMORY' });
      }
    }
    expect(heap.usedBytes).toBeGreaterThan(3.8 * 2 ** 30);
    blocks.sort((a, b) => a.pointer - b.pointer);
    for (const [i, { pointer }] of blocks.slice(1).entries()) {
      expect(pointer).toBeGreaterThanOrEqual(blocks[i]!.end);
    }
    for (const { pointer } of blocks) heap.free(pointer);
    expect(heap.malloc(2 ** 20)).toBeGreaterThan(0);
  });

  it('keeps what is stored when the memory grows, and shows all of it', async () => {
    const small = await bootTfjsBinary(await runtime.loadWasm(FILE));
    const { heap } = small;
    const check = fillAndCheck(small, 1 << 20);
    const [bytes, view] = [heap.bytes, heap.f32];
    const pointer = heap.malloc(bytes);
    expect(heap.bytes).toBeGreaterThan(bytes);
    expect(view.length).toBe(0);
    expect(heap.f32.length).toBe(heap.bytes / 4);
    heap.u8.fill(7, pointer, pointer + bytes);
    expect(check()).toBe(true);
    heap.free(pointer);
    const grown = heap.bytes;
    heap.free(heap.malloc(bytes));
    expect(heap.bytes).toBe(grown);
  });

  it('lends scratch memory that is aligned and grows', () => {
    const { heap } = binary;
    for (const bytes of [4, 1000, 10, 1 << 20]) {
      const pointer = heap.scratch(bytes);
      expect(pointer % 64).toBe(0);
      heap.u8.fill(1, pointer, pointer + bytes);
    }
    expect(heap.scratch(8)).toBe(heap.scratch(1 << 20));
  });
});
