import type { Kernels } from './guardedMemory.ts';

/**
 * A memory that cannot grow, with one buffer exactly at its end: a kernel that reads even one byte
 * behind that buffer traps.
 */
export class MemoryEnd {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  #top: number;

  constructor(module: WebAssembly.Module, pages = 16) {
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.kernels = exports as unknown as Kernels;
    this.kernels.initialize!(1024);
    this.#top = 1024 + this.kernels.tableBytes!();
  }

  allocate(bytes: number): number {
    const address = (this.#top + 15) & ~15;
    this.#top = address + bytes;
    if (this.#top > this.#memory.buffer.byteLength) throw new Error('the memory is too small');
    return address;
  }

  f32(content: Float32Array): number {
    const address = this.allocate(content.byteLength);
    new Float32Array(this.#memory.buffer).set(content, address / 4);
    return address;
  }

  u8(content: Uint8Array): number {
    const address = this.allocate(content.byteLength);
    new Uint8Array(this.#memory.buffer).set(content, address);
    return address;
  }

  /** Copies an array to the end of the memory. Only one can stand there. */
  atTheEnd(content: Float32Array | Uint8Array): number {
    const address = this.#memory.buffer.byteLength - content.byteLength;
    if (address < this.#top) throw new Error('the memory is too small');
    const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
    new Uint8Array(this.#memory.buffer).set(bytes, address);
    return address;
  }

  readF32(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }
}
