import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/engine/heap.ts';

/** A heap whose allocator gives one address after the other, and that of the last one freed first. */
function makeHeap() {
  const freed: number[] = [];
  let next = 1024;
  const heap = new Heap(new WebAssembly.Memory({ initial: 1 }), {
    malloc: (bytes) => {
      if (bytes > 2 ** 20) return 0;
      next += 64;
      return freed.pop() ?? next;
    },
    free: (pointer) => void freed.push(pointer),
  });
  return heap;
}

describe('what is in use of the heap', () => {
  it('is what was allocated and not freed, with its peak', () => {
    const heap = makeHeap();
    const [first, second] = [heap.malloc(100), heap.malloc(20)];
    expect([heap.usedBytes, heap.peakBytes]).toEqual([120, 120]);
    heap.free(first);
    expect([heap.usedBytes, heap.peakBytes]).toEqual([20, 120]);
    const again = heap.malloc(7);
    expect(again).toBe(first);
    expect(heap.usedBytes).toBe(27);
    heap.free(again);
    heap.free(second);
    expect([heap.usedBytes, heap.peakBytes]).toEqual([0, 120]);
  });

  it('is not changed by looking for room, which says what is missing', () => {
    const heap = makeHeap();
    heap.malloc(100);
    heap.checkRoom(2 ** 20, 'a file');
    expect([heap.usedBytes, heap.peakBytes]).toEqual([100, 100]);
    const failing = () => heap.checkRoom(2 ** 24, 'model.safetensors in /model');
    expect(failing).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
    expect(failing).toThrow(
      /^model\.safetensors in \/model needs 16 MB of memory, but .* ends at 3,968 MB\./,
    );
    expect(() => heap.checkRoom(2 ** 40, 'a file')).toThrow(/^a file needs/);
    expect([heap.usedBytes, heap.peakBytes]).toEqual([100, 100]);
  });

  it('does not count what it did not allocate, or could not', () => {
    const heap = makeHeap();
    heap.malloc(8);
    heap.free(4096);
    expect(() => heap.malloc(2 ** 21)).toThrow(/^Out of memory/);
    expect([heap.usedBytes, heap.peakBytes]).toEqual([8, 8]);
  });

  it('counts scratch memory once', () => {
    const heap = makeHeap();
    heap.scratch(100);
    heap.scratch(50);
    expect(heap.usedBytes).toBe(164);
    heap.scratch(200);
    expect(heap.usedBytes).toBe(264);
  });

  it('can be watched for the peaks of parts that overlap', () => {
    const heap = makeHeap();
    heap.free(heap.malloc(1000));
    const held = heap.malloc(10);
    const outer = heap.watchPeak();
    expect(outer.peakBytes).toBe(10);
    heap.free(heap.malloc(50));
    const inner = heap.watchPeak();
    heap.free(heap.malloc(30));
    outer.stop();
    heap.free(heap.malloc(70));
    inner.stop();
    heap.free(heap.malloc(500));
    expect([outer.peakBytes, inner.peakBytes, heap.peakBytes]).toEqual([60, 80, 1000]);
    heap.free(held);
  });
});
