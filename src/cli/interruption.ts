/** What a process that a signal ended returns to its shell: 128 and the signal's number. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Turns the first Ctrl-C, or what `kill` sends, into an AbortSignal, so that what runs can keep what
 * it has. A second one ends the process at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;

  constructor() {
    for (const [name, code] of Object.entries(EXIT_CODES)) {
      process.on(name, () => {
        if (this.#exitCode !== undefined) process.exit(code);
        this.#exitCode = code;
        this.#controller.abort(name);
      });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Undefined when there was none. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }
}
