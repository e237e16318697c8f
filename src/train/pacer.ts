import { yieldToEventLoop } from '../core/progress.ts';

const MAX_MILLISECONDS = 30;
// workerd holds its clock still while code runs: there only the count can tell.
const MAX_CALLS = 16;

/** Lets the event loop have its turn every 30 ms or so of work, however short the pieces are. */
export class Pacer {
  #last = performance.now();
  #calls = 0;

  /** To be awaited between two pieces of work. */
  async breathe(): Promise<void> {
    this.#calls++;
    if (this.#calls < MAX_CALLS && performance.now() - this.#last < MAX_MILLISECONDS) return;
    await yieldToEventLoop();
    this.#last = performance.now();
    this.#calls = 0;
  }
}
