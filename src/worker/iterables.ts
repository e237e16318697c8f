/** An iterable as the other side pulls at it: value by value, each when it is asked for. */
export class SharedIterable {
  readonly #running = new Map<number, AsyncIterator<unknown>>();
  #count = 0;

  constructor(private readonly iterable: AsyncIterable<unknown>) {}

  open(): number {
    this.#running.set(++this.#count, this.iterable[Symbol.asyncIterator]());
    return this.#count;
  }

  async next(run: number): Promise<{ done: boolean; value: unknown }> {
    const { done = false, value } = await this.#running.get(run)!.next();
    return { done, value };
  }

  async return(run: number): Promise<void> {
    const iterator = this.#running.get(run);
    this.#running.delete(run);
    await iterator?.return?.();
  }

  /** Lets go of what is still being read: nobody will ask for more. */
  end(): void {
    for (const run of this.#running.keys()) this.return(run).catch(() => {});
  }
}

/** The other side of {@link SharedIterable}. Leaving the loop ends the iteration over there. */
export async function* pull(
  invoke: (method: keyof SharedIterable, ...args: unknown[]) => Promise<unknown>,
): AsyncGenerator<unknown, void, undefined> {
  const run = await invoke('open');
  try {
    for (;;) {
      const step = (await invoke('next', run)) as { done: boolean; value: unknown };
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await invoke('return', run);
  }
}
