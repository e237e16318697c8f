import { tfjsImports, tfjsThreadImports } from './tfjsImports.ts';

/** What a worker is started with that waits to be a thread of the tfjs binary. */
export interface PthreadWorkerData {
  readonly tfjs: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of MAILBOX_BYTES zeros. */
  readonly mailbox: number;
}

/** The bytes of a mailbox: its state, and the three numbers of a call. */
export const MAILBOX_BYTES = 16;
const STATE = 0;
const THREAD = 1;
const START = 2;
const ARGUMENT = 3;
/** States: 0 until the worker is there. */
const WAITING = 1;
const CALLED = 2;

/** A worker's mailbox in the shared memory, through which no event loop has to turn. */
export class Mailbox {
  readonly #words: Int32Array;

  constructor(memory: WebAssembly.Memory, address: number) {
    this.#words = new Int32Array(memory.buffer, address, MAILBOX_BYTES / 4);
  }

  get isWaiting(): boolean {
    return Atomics.load(this.#words, STATE) === WAITING;
  }

  /** Has the worker run a thread. @param start index of its function. */
  call(thread: number, start: number, argument: number): void {
    this.#words.set([thread, start, argument], THREAD);
    Atomics.store(this.#words, STATE, CALLED);
    Atomics.notify(this.#words, STATE);
  }

  /** The worker's side: waits for the call. */
  receive(): { thread: number; start: number; argument: number } {
    const words = this.#words;
    Atomics.store(words, STATE, WAITING);
    while (this.isWaiting) Atomics.wait(words, STATE, WAITING);
    return { thread: words[THREAD]! >>> 0, start: words[START]!, argument: words[ARGUMENT]! };
  }
}

/** Words of Emscripten's `struct pthread` where the thread's stack begins (it grows down), and its size. */
const STACK = 13;
const STACK_SIZE = 14;

/** Waits for its call, and runs the thread until that is over, which is when the pool is destroyed. */
export function servePthread({ tfjs, memory, mailbox }: PthreadWorkerData): void {
  const imports = tfjsImports(() => memory);
  Object.assign(imports.env!, { memory, ...tfjsThreadImports() });
  const { exports } = new WebAssembly.Instance(tfjs, imports);
  const call = (name: string, ...args: number[]) =>
    (exports[name] as (...args: number[]) => number)(...args);
  const { thread, start, argument } = new Mailbox(memory, mailbox).receive();
  // The buffer as it is now: the main thread has grown the memory since.
  memory.grow(0);
  const words = new Int32Array(memory.buffer, thread, STACK_SIZE + 1);
  const stack = words[STACK]!;
  // Is not the main thread, nor the runtime's, and may block.
  call('_emscripten_thread_init', thread, 0, 0, 1);
  call('emscripten_stack_set_limits', stack, stack - words[STACK_SIZE]!);
  call('stackRestore', stack);
  call('_emscripten_tls_init');
  const functions = exports.__indirect_function_table as WebAssembly.Table;
  functions.get(start)(argument);
}
