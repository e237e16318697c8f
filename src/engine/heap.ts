import { AnyformerError } from '../core/errors.ts';
import { endsInMemory, MAX_HEAP } from '../core/tfjsImports.ts';

/** The allocator that lives in the tfjs binary; addresses are signed 32-bit when they leave wasm. */
export interface Allocator {
  malloc(bytes: number): number;
  free(pointer: number): void;
}

/** The most bytes that were in use at once since the watch began. */
export interface PeakWatch {
  readonly peakBytes: number;
  stop(): void;
}

/**
 * The one linear memory that tfjs's kernels and ours share: allocation and typed views.
 *
 * Growth detaches the views, so they are getters and never kept across an allocation.
 */
export class Heap {
  #u8: Uint8Array;
  #f32: Float32Array;
  #i32: Int32Array;
  #scratch = 0;
  #scratchBytes = 0;
  /** The bytes of what is allocated, by address. */
  readonly #allocated = new Map<number, number>();
  readonly #watches = new Set<{ peakBytes: number }>();
  #usedBytes = 0;
  #peakBytes = 0;

  constructor(
    readonly memory: WebAssembly.Memory,
    private readonly allocator: Allocator,
  ) {
    this.#u8 = new Uint8Array(memory.buffer);
    this.#f32 = new Float32Array(memory.buffer);
    this.#i32 = new Int32Array(memory.buffer);
  }

  #refresh(): void {
    const { buffer } = this.memory;
    if (this.#u8.buffer === buffer) return;
    this.#u8 = new Uint8Array(buffer);
    this.#f32 = new Float32Array(buffer);
    this.#i32 = new Int32Array(buffer);
  }

  get u8(): Uint8Array {
    this.#refresh();
    return this.#u8;
  }

  get f32(): Float32Array {
    this.#refresh();
    return this.#f32;
  }

  get i32(): Int32Array {
    this.#refresh();
    return this.#i32;
  }

  /** Bytes of linear memory, in use or not. It only ever grows: WebAssembly cannot give back. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /**
   * Bytes in use now: of tensors, tables and scratch. What tfjs's binary allocates for itself (its
   * lists of tensors, XNNPACK's packed weights) is not known outside of it and not counted.
   */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The most bytes that have been in use at once. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Starts to look for a peak of its own: of one training step, say. */
  watchPeak(): PeakWatch {
    const watch = { peakBytes: this.#usedBytes, stop: () => void this.#watches.delete(watch) };
    this.#watches.add(watch);
    return watch;
  }

  /**
   * Allocates `bytes`, 8-byte aligned.
   * @throws AnyformerError `OUT_OF_MEMORY` (tfjs itself would go on with address 0 and corrupt).
   */
  malloc(bytes: number): number {
    const pointer = endsInMemory(bytes, this.bytes) ? this.allocator.malloc(bytes) >>> 0 : 0;
    if (pointer === 0 && bytes !== 0) {
      throw new AnyformerError(
        'OUT_OF_MEMORY',
        `Out of memory: ${megabytes(bytes)} more do not fit in the WebAssembly heap, which holds ` +
          `${megabytes(this.bytes)} of at most ${megabytes(MAX_HEAP)}. Use a smaller batchSize or maxLength, ` +
          'train with gradientCheckpointing: true, or dispose() models that are no longer needed.',
      );
    }
    this.#allocated.set(pointer, bytes);
    this.#use(bytes);
    return pointer;
  }

  /**
   * Checks that `bytes` more fit, by letting the memory grow to hold them. Call it before a download: a
   * phone's browser refuses to grow the memory long before the heap's own end.
   *
   * @param what the bytes are, for the message: `model.safetensors in https://…`.
   * @throws AnyformerError `OUT_OF_MEMORY` with the sizes.
   */
  checkRoom(bytes: number, what: string): void {
    const pointer = endsInMemory(bytes, this.bytes) ? this.allocator.malloc(bytes) >>> 0 : 0;
    if (pointer !== 0) return void this.allocator.free(pointer);
    throw new AnyformerError(
      'OUT_OF_MEMORY',
      `${what} needs ${megabytes(bytes)} of memory, but the WebAssembly heap cannot grow by that much ` +
        `here: it holds ${megabytes(this.bytes)}, of which ${megabytes(this.#usedBytes)} are in use, and ` +
        `ends at ${megabytes(MAX_HEAP)}. Use a smaller model, or dispose() models that are no longer needed.`,
    );
  }

  free(pointer: number): void {
    this.allocator.free(pointer);
    // What a kernel of tfjs allocated in wasm is freed here, and was not counted.
    this.#use(-(this.#allocated.get(pointer) ?? 0));
    this.#allocated.delete(pointer);
  }

  #use(bytes: number): void {
    this.#usedBytes += bytes;
    if (bytes <= 0) return;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    for (const watch of this.#watches) watch.peakBytes = Math.max(watch.peakBytes, this.#usedBytes);
  }

  /**
   * A buffer of at least `bytes`, 64-byte aligned, for the duration of one kernel call. There is
   * one, it is reused by the next call, and it grows to the largest size ever asked for.
   */
  scratch(bytes: number): number {
    if (bytes > this.#scratchBytes) {
      if (this.#scratch) this.free(this.#scratch);
      this.#scratch = 0;
      this.#scratchBytes = 0;
      this.#scratch = this.malloc(bytes + 64);
      this.#scratchBytes = bytes;
    }
    return ((this.#scratch + 63) & ~63) >>> 0;
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MB`;
}
