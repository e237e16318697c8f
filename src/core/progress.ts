/** What `onProgress` receives while something slow runs. */
export interface Progress {
  /** What is being done now: `tokenizer`, `encode`, `train`, `evaluate`, `predict`, `load`, `save`. */
  readonly phase: string;
  /** Steps done in this phase, and steps in all where that is known. */
  readonly step: number;
  readonly totalSteps: number | undefined;
  /** Epochs done, with a fraction while training; undefined outside of training. */
  readonly epoch?: number;
  /** Running mean of the training loss. */
  readonly loss?: number;
  readonly learningRate?: number;
  /** Tokens per second, measured over the recent steps; padding is not counted. */
  readonly tokensPerSecond?: number;
  /** The most bytes of the WebAssembly heap that were in use at once during the updates so far. */
  readonly peakHeapBytes?: number;
  /** Seconds since the phase began, and seconds it will still take. */
  readonly elapsedSeconds: number;
  readonly remainingSeconds: number | undefined;
  /** Results of the latest evaluation, by metric name. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A promise that it returns is waited for between two steps of a training or a prediction. */
export type OnProgress = (progress: Progress) => void;

/** Turns step counts into elapsed and remaining seconds. The clock can be replaced for tests. */
export class ProgressClock {
  readonly #start: number;

  constructor(private readonly now: () => number = () => performance.now()) {
    this.#start = now();
  }

  get elapsedSeconds(): number {
    return (this.now() - this.#start) / 1000;
  }

  /** Seconds left when `done` of `total` units took the elapsed time; undefined while unknown. */
  remainingSeconds(done: number, total: number | undefined): number | undefined {
    if (total === undefined || done <= 0) return undefined;
    if (done >= total) return 0;
    // workerd holds its clock still while code runs: no time went by, so nothing is known.
    const elapsed = this.elapsedSeconds;
    return elapsed > 0 ? (elapsed / done) * (total - done) : undefined;
  }
}

/** In workerd, and proposed for all (https://wicg.github.io/scheduling-apis). */
const { scheduler } = globalThis as { scheduler?: { wait?(milliseconds: number): Promise<void> } };

/**
 * Gives the event loop a turn so that timers, input and an AbortSignal can act.
 * By `scheduler.wait` where there is one: a message does not end the turn in workerd. Else by a
 * MessageChannel: nested timeouts are held back to 4 ms in browsers.
 */
export async function yieldToEventLoop(): Promise<void> {
  try {
    if (scheduler?.wait) return await scheduler.wait(0);
  } catch {
    // The global scope of a Worker: no event can be waiting there, and none may be waited for.
    return;
  }
  if (typeof MessageChannel === 'undefined')
    return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}
