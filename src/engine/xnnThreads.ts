import { MAILBOX_BYTES, Mailbox, type PthreadWorkerData } from '../core/pthreadWorker.ts';
import { EAGAIN } from '../core/tfjsImports.ts';
import { START_AFTER } from './threadPool.ts';

/** The kernels of tfjs that do their work in XNNPACK, and have enough of it for threads. */
const HEAVY: ReadonlySet<string> = new Set([
  'Conv2D',
  'FusedConv2D',
  'DepthwiseConv2dNative',
  'FusedDepthwiseConv2D',
  'BatchMatMul',
  '_FusedMatMul',
  'AvgPool',
  'MaxPool',
  'Prelu',
  'ResizeBilinear',
  'Softmax',
]);
/** More than this tfjs does not start. */
const MOST_THREADS = 8;

type Entry = (...args: number[]) => number;

/** What the threads need of the binary when it has been started. */
export interface XnnBinary {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly malloc: (bytes: number) => number;
  /** Makes XNNPACK's pool anew; it creates its threads and waits for each to begin. */
  readonly initWithThreadsCount: (count: number) => void;
}

/**
 * The threads of XNNPACK, which computes tfjs's convolutions and some more.
 *
 * XNNPACK makes its pool at once and waits in it for every thread, without a turn of the event loop
 * that a new worker needs. So it begins with one thread. When there has been work for more, workers
 * are started that wait at their mailboxes in the shared memory; and when the last of them does, the
 * pool is made anew before the next kernel: then a thread is there as soon as it is created. A program
 * without convolutions starts none of them.
 */
export class XnnThreads {
  readonly #most: number;
  #binary: XnnBinary | undefined;
  #mailboxes: Mailbox[] | undefined;
  #lost = 0;
  #isReady = false;
  #workedAlone = 0;

  /**
   * @param count threads, the calling one among them.
   * @param mayBlock whether the calling thread may sleep.
   * @param start starts a worker; calls `onLost`, now or later, when it cannot.
   */
  constructor(
    count: number,
    readonly mayBlock: boolean,
    private readonly start: (data: PthreadWorkerData, onLost: () => void) => void,
  ) {
    this.#most = Math.min(count, MOST_THREADS);
  }

  /** Called once the binary has been started. */
  attach(binary: XnnBinary): void {
    this.#binary = binary;
  }

  /** What the binary imports for them. */
  readonly imports = {
    // It starts half as many at most.
    emscripten_num_logical_cores: () => 2 * this.#most,
    __pthread_create_js: (thread: number, _attributes: number, start: number, argument: number) => {
      const mailbox = this.#mailboxes?.find(({ isWaiting }) => isWaiting);
      if (mailbox === undefined) return EAGAIN;
      mailbox.call(thread, start, argument);
      return 0;
    },
  };

  /** The entry of a kernel, which looks after the threads before it computes where they can help. */
  watch(name: string, entry: Entry): Entry {
    if (!HEAVY.has(name)) return entry;
    return (...args) => {
      if (this.#isReady) return entry(...args);
      if (this.#mailboxes) this.#useWhenAllWait(this.#mailboxes);
      const begin = performance.now();
      const result = entry(...args);
      this.#workedAlone += performance.now() - begin;
      if (this.#mailboxes === undefined && this.#workedAlone >= START_AFTER) this.#startWorkers();
      return result;
    };
  }

  #startWorkers(): void {
    const { module, memory, malloc } = this.#binary!;
    const count = this.#most - 1;
    const address = malloc(count * MAILBOX_BYTES);
    new Uint8Array(memory.buffer, address, count * MAILBOX_BYTES).fill(0);
    const addresses = Array.from({ length: count }, (_, i) => address + i * MAILBOX_BYTES);
    this.#mailboxes = addresses.map((mailbox) => new Mailbox(memory, mailbox));
    for (const mailbox of addresses) {
      this.start({ tfjs: module, memory, mailbox }, () => {
        this.#lost++;
      });
    }
  }

  #useWhenAllWait(mailboxes: readonly Mailbox[]): void {
    const waiting = mailboxes.filter(({ isWaiting }) => isWaiting).length;
    if (waiting + this.#lost < mailboxes.length) return;
    this.#isReady = true;
    if (waiting > 0) this.#binary!.initWithThreadsCount(1 + waiting);
  }
}
