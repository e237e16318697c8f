import { type OnProgress, ProgressClock, type Step } from '../core/progress.ts';

/** What one update adds to the progress. */
export interface StepReport {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly tokens: number;
  /** Time of the update alone, without evaluations and checkpoints. */
  readonly seconds: number;
  readonly peakHeapBytes: number | undefined;
}

/** Updates that the speed is measured over. */
const RECENT = 20;
/** Weight of the past in the running loss: a mean over about as many updates as 1 / (1 - this). */
const SMOOTHING = 0.95;

/** Turns updates into what `onProgress` receives. */
export class ProgressReporter {
  readonly #clock: ProgressClock;
  readonly #recent: { tokens: number; seconds: number }[] = [];
  #smoothedLoss = 0;
  #smoothedWeight = 0;
  #metrics: Readonly<Record<string, number>> | undefined;
  #last: StepReport | undefined;

  constructor(
    private readonly onProgress: OnProgress | undefined,
    private readonly totalSteps: number,
    /** Updates that an earlier run has done: they tell nothing about the time left. */
    private readonly firstStep: number,
    now: () => number = () => performance.now(),
  ) {
    this.#clock = new ProgressClock(now);
  }

  stepped(report: StepReport): void | Promise<void> {
    this.#recent.push({ tokens: report.tokens, seconds: report.seconds });
    if (this.#recent.length > RECENT) this.#recent.shift();
    this.#smoothedLoss = SMOOTHING * this.#smoothedLoss + (1 - SMOOTHING) * report.loss;
    this.#smoothedWeight = SMOOTHING * this.#smoothedWeight + (1 - SMOOTHING);
    this.#last = report;
    return this.#report();
  }

  evaluated(metrics: Readonly<Record<string, number>>): void | Promise<void> {
    this.#metrics = metrics;
    return this.#report();
  }

  #report(): void | Promise<void> {
    const last = this.#last;
    if (!this.onProgress || !last) return;
    const speed = this.#tokensPerSecond();
    const progress: Step = {
      phase: 'train',
      step: last.step,
      totalSteps: this.totalSteps,
      epoch: last.epoch,
      // Divided by the summed weights, so that the first losses count in full.
      loss: this.#smoothedLoss / this.#smoothedWeight,
      learningRate: last.learningRate,
      ...(speed !== undefined && { tokensPerSecond: speed }),
      ...(last.peakHeapBytes !== undefined && { peakHeapBytes: last.peakHeapBytes }),
      ...(this.#metrics && { metrics: this.#metrics }),
    };
    return this.onProgress(this.#clock.progress(progress, this.firstStep));
  }

  #tokensPerSecond(): number | undefined {
    const tokens = this.#recent.reduce((sum, step) => sum + step.tokens, 0);
    const seconds = this.#recent.reduce((sum, step) => sum + step.seconds, 0);
    return tokens > 0 && seconds > 0 ? tokens / seconds : undefined;
  }
}
