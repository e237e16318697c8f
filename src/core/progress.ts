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
    return (this.elapsedSeconds / done) * Math.max(0, total - done);
  }
}

/**
 * Gives the event loop a turn so that timers, input and an AbortSignal can act.
 * A MessageChannel where there is one: nested timeouts are held back to 4 ms in browsers.
 */
export function yieldToEventLoop(): Promise<void> {
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
