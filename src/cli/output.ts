import { once } from 'node:events';
import type { OnProgress, Progress } from '../core/progress.ts';
import { type TerminalProgress, terminalProgress } from './terminalProgress.ts';

export interface OutputOptions {
  /** Results for programs. */
  readonly json?: boolean | undefined;
  /** Nothing but results and errors. */
  readonly quiet?: boolean | undefined;
}

// Enough to see how it goes, for many hours.
const SECONDS_BETWEEN_LINES = 1;

/** Where a command writes: results on stdout, everything about them on stderr. */
export class Output {
  readonly json: boolean;
  readonly #quiet: boolean;
  readonly #bars: TerminalProgress | undefined;

  constructor({ json = false, quiet = false }: OutputOptions) {
    this.json = json;
    this.#quiet = quiet;
    const isWatched = process.stderr.isTTY && !json && !quiet;
    if (isWatched) this.#bars = terminalProgress({ stream: process.stderr });
  }

  /** A line of the result; waits while the reader of a pipe is slower. */
  line(text: string): Promise<void> {
    return this.piece(`${text}\n`);
  }

  /** A part of a line. */
  async piece(text: string): Promise<void> {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }

  /** What a person should know beside the result. */
  note(text: string): void {
    if (this.#quiet) return;
    this.stopProgress();
    process.stderr.write(`${text}\n`);
  }

  /** A bar where somebody watches. */
  get onProgress(): OnProgress | undefined {
    return this.#bars;
  }

  /** A bar where somebody watches, lines of JSON for a program. */
  get onTrainingProgress(): OnProgress | undefined {
    return this.json && !this.#quiet ? progressLines() : this.#bars;
  }

  stopProgress(): void {
    this.#bars?.stop();
  }
}

/** Lines at the ends of phases, at evaluations, and every second in between. */
function progressLines(): OnProgress {
  let phase: string | undefined;
  let shownAt = 0;
  let metrics: Progress['metrics'];
  return (progress) => {
    const isDue =
      progress.phase !== phase ||
      progress.step === progress.totalSteps ||
      progress.metrics !== metrics ||
      progress.elapsedSeconds - shownAt >= SECONDS_BETWEEN_LINES;
    if (!isDue) return;
    phase = progress.phase;
    shownAt = progress.elapsedSeconds;
    metrics = progress.metrics;
    process.stdout.write(`${JSON.stringify({ type: 'progress', ...progress })}\n`);
  };
}
