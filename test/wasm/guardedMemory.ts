import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';

/** The exports of our module, called with addresses and counts. */
export type Kernels = Readonly<Record<string, (...args: number[]) => number>>;

const GUARD_BYTES = 64;
const GUARD = 0xa5;

function compiled(file: string): WebAssembly.Module | undefined {
  const bytes = readFileSync(new URL(`../../dist/wasm/${file}`, import.meta.url));
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/** The builds this runtime can run, for `describe.each`. Node 20 has no relaxed SIMD. */
export const builds: { name: string; module: WebAssembly.Module }[] = [];
for (const name of ['simd', 'relaxed']) {
  const module = compiled(`anyformer.${name}.wasm`);
  if (module) builds.push({ name, module });
  else console.warn(`left out: kernels of the ${name} build (this runtime cannot compile it)`);
}

/**
 * A memory that holds a kernel's buffers, each between guard bytes, none aligned to 16 bytes, so
 * that a read or write beyond an end is seen.
 */
export class GuardedMemory {
  readonly kernels: Kernels;
  readonly #memory = new WebAssembly.Memory({ initial: 16 });
  readonly #start: number;
  #guards: number[] = [];
  #top: number;

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.kernels = exports as unknown as Kernels;
    const table = 1024;
    this.kernels.initialize!(table);
    this.#start = table + this.kernels.tableBytes!();
    this.#top = this.#start;
  }

  /** Forgets all buffers. */
  reset(): void {
    this.#guards = [];
    this.#top = this.#start;
  }

  /** Bytes at an address that is 8 above a multiple of 16, filled with a pattern that is no number. */
  allocate(bytes: number): number {
    const address = ((this.#top + GUARD_BYTES + 15) & ~15) + 8;
    this.#top = address + bytes + GUARD_BYTES;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    new Uint8Array(this.#memory.buffer).fill(GUARD, address - GUARD_BYTES, this.#top);
    new Uint8Array(this.#memory.buffer).fill(0xff, address, address + bytes);
    this.#guards.push(address - GUARD_BYTES, address + bytes);
    return address;
  }

  /** A buffer with these float32 numbers, or an uninitialized one (all NaN) of this length. */
  f32(content: ArrayLike<number> | number): number {
    const length = typeof content === 'number' ? content : content.length;
    const address = this.allocate(4 * length);
    if (typeof content !== 'number') this.readF32(address, length).set(content);
    return address;
  }

  i32(content: ArrayLike<number>): number {
    const address = this.allocate(4 * content.length);
    this.readI32(address, content.length).set(content);
    return address;
  }

  u8(content: ArrayLike<number>): number {
    const address = this.allocate(content.length);
    new Uint8Array(this.#memory.buffer).set(content, address);
    return address;
  }

  readF32(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  readI32(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Throws when a kernel has written outside its buffers. */
  expectGuards(): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    for (const guard of this.#guards) {
      for (let i = guard; i < guard + GUARD_BYTES; i++) {
        if (bytes[i] !== GUARD) throw new Error(`byte ${i - guard} of a guard was overwritten`);
      }
    }
  }
}

/** A way to share out the units of a kernel: successive ranges from 0 to `units`. */
export type Ranges = readonly (readonly [begin: number, end: number])[];

/** Splits [0, units) at these places, given as fractions. */
function split(units: number, fractions: readonly number[]): Ranges {
  const cuts = fractions.map((fraction) => Math.floor(fraction * (units + 1)));
  const edges = [0, ...cuts.sort((a, b) => a - b), units];
  return edges.slice(1).map((end, i) => [edges[i]!, end] as const);
}

/** The same ranges, last first: what a slow first thread looks like. */
const backwards = (ranges: Ranges): Ranges => [...ranges].reverse();

/** Any way to share out a kernel, for fast-check. */
export const anySplit = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 4 });

/**
 * Runs a kernel undivided and divided, in order and backwards, on fresh memory each time; the
 * guards must hold and all results must be the same bits.
 *
 * @param run allocates, calls, and gives copies of what came out. `parts(units)` gives the ranges.
 */
export function runSplit<T extends readonly (Float32Array | Int32Array)[]>(
  memory: GuardedMemory,
  fractions: readonly number[],
  run: (memory: GuardedMemory, parts: (units: number) => Ranges) => T,
): T {
  const once = (parts: (units: number) => Ranges): T => {
    memory.reset();
    const results = run(memory, parts).map((result) => result.slice());
    memory.expectGuards();
    return results as unknown as T;
  };
  const whole = once((units) => [[0, units]]);
  for (const order of [(ranges: Ranges) => ranges, backwards]) {
    const divided = once((units) => order(split(units, fractions)));
    for (const [i, result] of whole.entries()) {
      const place = firstDifference(divided[i]!, result);
      if (place >= 0) throw new Error(`number ${place} of output ${i} depends on the split`);
    }
  }
  return whole;
}

/**
 * The first index at which two arrays differ in a bit, or -1. All NaN are alike: which of two NaN
 * operands an addition passes on is the processor's choice.
 */
export function firstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  // Not through a matcher: those take seconds for the arrays of the statistical tests.
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}
