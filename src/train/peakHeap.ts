import { engineBackend } from '../kernels/engineBackend.ts';

/** The most bytes of the WebAssembly heap that were in use at once during some of the work. */
export class PeakHeap {
  #bytes: number | undefined;

  /** Undefined before any work, and on a backend of tfjs that has no such heap. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  /** Does what counts. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const watch = engineBackend()?.heap.watchPeak();
    try {
      return await work();
    } finally {
      watch?.stop();
      if (watch) this.#bytes = Math.max(this.#bytes ?? 0, watch.peakBytes);
    }
  }
}
