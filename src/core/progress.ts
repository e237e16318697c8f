/** The phase of the work. It decides the unit of `step`, which is named beside each. */
export type Phase =
  | 'read' // texts
  | 'tokenizer' // entries of the vocabulary
  | 'encode' // texts
  | 'compare' // models
  | 'train' // updates
  | 'evaluate' // batches
  | 'predict' // batches
  | 'generate' // tokens
  | 'load'; // bytes

/** The progress of slow work, as `onProgress` receives it. */
export interface Progress {
  /** The current phase. */
  readonly phase: Phase;
  /** The progress as readable text: `training 40 of 300, loss 0.412`. */
  readonly message: string;
  /** The number of steps done in this phase. */
  readonly step: number;
  /**
   * The total number of steps. Undefined if it is unknown: for texts from an AsyncIterable, and for
   * files from a server that does not send their sizes.
   */
  readonly totalSteps: number | undefined;
  /** The number of epochs done, with a fraction; only during training. */
  readonly epoch?: number;
  /** The running mean of the training loss. */
  readonly loss?: number;
  /** The learning rate of the latest update. */
  readonly learningRate?: number;
  /** Tokens per second over the recent steps, without padding. */
  readonly tokensPerSecond?: number;
  /** The most bytes of the WebAssembly heap in use at once during the updates so far. */
  readonly peakHeapBytes?: number;
  /** The seconds since the phase began. */
  readonly elapsedSeconds: number;
  /** The estimated seconds until the phase ends; undefined while it is unknown. */
  readonly remainingSeconds: number | undefined;
  /** The results of the latest evaluation, by the name of the metric. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * A function that receives the progress. If it returns a promise, training and prediction wait for it
 * between two steps.
 */
export type OnProgress = (progress: Progress) => void;

/** What a phase knows of itself; the clock adds the rest. */
export type Step = Omit<Progress, 'message' | 'elapsedSeconds' | 'remainingSeconds'>;

/** Turns step counts into progress with its times and words. The clock can be replaced for tests. */
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

  /**
   * What `onProgress` receives for a step.
   *
   * @param before steps that were done before this clock began: they tell nothing about the time left.
   *
   * @example
   * onProgress?.(clock.progress({ phase: 'encode', step: 512, totalSteps: 5851 }));
   */
  progress(step: Step, before = 0): Progress {
    const total = step.totalSteps === undefined ? undefined : step.totalSteps - before;
    return {
      ...step,
      message: messageOf(step),
      elapsedSeconds: this.elapsedSeconds,
      remainingSeconds: this.remainingSeconds(step.step - before, total),
    };
  }
}

/** How the message of a phase begins. */
const DOING: Readonly<Record<Phase, string>> = {
  read: 'reading text',
  tokenizer: 'vocabulary',
  encode: 'encoding text',
  compare: 'comparing model',
  train: 'training',
  evaluate: 'evaluating batch',
  predict: 'predicting batch',
  generate: 'writing token',
  load: 'loading',
};

function messageOf({ phase, step, totalSteps, loss, metrics }: Step): string {
  const counts = phase === 'load' ? megabytes(step, totalSteps) : numbers(step, totalSteps);
  const losses = [
    ...(loss === undefined ? [] : [`loss ${shortNumber(loss)}`]),
    ...(metrics?.loss === undefined ? [] : [`validation loss ${shortNumber(metrics.loss)}`]),
  ];
  return [`${DOING[phase]} ${counts}`, ...losses].join(', ');
}

function numbers(step: number, total: number | undefined): string {
  const done = step.toLocaleString('en-US');
  return total === undefined ? done : `${done} of ${total.toLocaleString('en-US')}`;
}

function megabytes(step: number, total: number | undefined): string {
  const inMegabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 1);
  return total === undefined
    ? `${inMegabytes(step)} MB`
    : `${inMegabytes(step)} of ${inMegabytes(total)} MB`;
}

/** With three digits that count, without an exponent: 0.412, 2.30, 0.000412. */
function shortNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-6)));
  return value.toFixed(Math.max(0, digits));
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
