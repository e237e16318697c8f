import { SingleBar } from 'cli-progress';
import type { OnProgress, Progress } from '../core/progress.ts';

/** The part of a stream that is used: `process.stdout`, or a stand-in for tests. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface TerminalProgressOptions {
  /** Default: `process.stdout`. */
  readonly stream?: TerminalStream;
  /** Seconds between two lines where the stream is no terminal. Default: 10. */
  readonly lineEverySeconds?: number;
}

/** An `onProgress`; `stop` ends a bar that is not full, after an error or an abort, say. */
export type TerminalProgress = OnProgress & { stop(): void };

/**
 * Makes an `onProgress` that draws a bar in the terminal, one for each phase; into a file or a pipe
 * it writes a line now and then.
 *
 * @example
 * const onProgress = terminalProgress();
 * try {
 *   await classifier.train(examples, { onProgress });
 * } finally {
 *   onProgress.stop();
 * }
 */
export function terminalProgress(options: TerminalProgressOptions = {}): TerminalProgress {
  const { stream = process.stdout, lineEverySeconds = 10 } = options;
  const view = stream.isTTY ? new Bars(stream) : new Lines(stream, lineEverySeconds);
  return Object.assign((progress: Progress) => view.show(progress), { stop: () => view.stop() });
}

const PHASE_WIDTH = 10;
const BAR_WIDTH = 20;
const GAP = '  ';

/** One bar after the other, drawn by cli-progress. */
class Bars {
  #bar: SingleBar | undefined;
  #phase = '';
  #step = 0;

  constructor(private readonly stream: TerminalStream) {}

  show(progress: Progress): void {
    const { phase, step, totalSteps } = progress;
    // A phase that begins anew (the next evaluation) has a bar of its own.
    if (!this.#bar || phase !== this.#phase || step < this.#step) this.#start(progress);
    this.#step = step;
    this.#bar?.update(step, { details: this.#fit(progress) });
    if (step === totalSteps) this.stop();
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #start({ phase, step, totalSteps = 0 }: Progress): void {
    this.stop();
    this.#phase = phase;
    const counts = totalSteps > 0 ? '{bar} {value}/{total}' : '{value}';
    this.#bar = new SingleBar({
      format: `${phase.padEnd(PHASE_WIDTH)} ${counts}  {details}`,
      stream: this.stream as NodeJS.WritableStream,
      barsize: BAR_WIDTH,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      // What would have to be undone when the process is killed is left alone: the cursor, line
      // wrapping, and Ctrl+C itself.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    });
    letProcessEnd(this.#bar);
    this.#bar.start(totalSteps, step, { details: '' });
  }

  /** The details as far as they fit on the line: one that wraps cannot be drawn over. */
  #fit(progress: Progress): string {
    const { step, totalSteps } = progress;
    const counts = totalSteps ? BAR_WIDTH + 1 + `${step}/${totalSteps}`.length : `${step}`.length;
    const room = (this.stream.columns || 80) - (PHASE_WIDTH + 1 + counts + 2) - 1;
    let details = '';
    for (const part of describe(progress)) {
      if (details.length + part.length > room) break;
      details += part + GAP;
    }
    return details.trimEnd();
  }
}

/** cli-progress draws by a timer, which would keep Node running when nobody calls `stop`. */
function letProcessEnd(bar: SingleBar): void {
  const inner = bar as unknown as { render(): void; timer: NodeJS.Timeout };
  const render = inner.render.bind(inner);
  inner.render = () => {
    render();
    inner.timer.unref();
  };
}

/** Plain lines: the first and the last of a phase, and one now and then. */
class Lines {
  #phase = '';
  #shownAt = 0;
  #pending: Progress | undefined;

  constructor(
    private readonly stream: TerminalStream,
    private readonly everySeconds: number,
  ) {}

  show(progress: Progress): void {
    const isNew = progress.phase !== this.#phase;
    if (isNew) this.stop();
    const isLast = progress.step === progress.totalSteps;
    if (isNew || isLast || progress.elapsedSeconds - this.#shownAt >= this.everySeconds) {
      this.#phase = progress.phase;
      this.#write(progress);
    } else {
      this.#pending = progress;
    }
  }

  /** Where the phase got to. */
  stop(): void {
    if (this.#pending) this.#write(this.#pending);
  }

  #write(progress: Progress): void {
    this.#shownAt = progress.elapsedSeconds;
    this.#pending = undefined;
    const { phase, step, totalSteps } = progress;
    const counts = totalSteps === undefined ? `${step}` : `${step}/${totalSteps}`;
    this.stream.write(`${[`${phase} ${counts}`, ...describe(progress)].join(GAP)}\n`);
  }
}

/** What is known beside the counts, the most important first: `loss 0.4120`, `1:05 left`, … */
function describe(progress: Progress): string[] {
  const { loss, learningRate, tokensPerSecond, remainingSeconds, elapsedSeconds } = progress;
  const parts: string[] = [];
  if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
  if (remainingSeconds) parts.push(`${formatTime(remainingSeconds)} left`);
  else parts.push(formatTime(elapsedSeconds));
  if (tokensPerSecond !== undefined) parts.push(`${formatCount(tokensPerSecond)} tokens/s`);
  for (const [name, value] of Object.entries(progress.metrics ?? {})) {
    parts.push(`val ${name} ${value.toFixed(4)}`);
  }
  if (learningRate !== undefined) parts.push(`lr ${learningRate.toExponential(1)}`);
  return parts;
}

function formatCount(count: number): string {
  if (count < 1000) return count.toFixed(0);
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
