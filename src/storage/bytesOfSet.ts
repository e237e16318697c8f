import type { ByteProgress } from './storage.ts';

/** How far the reading of several files is, all of them together. */
export interface BytesOfSet {
  readonly loadedBytes: number;
  /** Undefined where the medium does not tell the size of a file before its end. */
  readonly totalBytes: number | undefined;
}

/** Adds up the bytes of files that are read at the same time. */
export class BytesCounter {
  readonly #loaded = new Map<string, number>();
  readonly #totals = new Map<string, number | undefined>();
  #names: readonly string[] | undefined;

  constructor(private readonly onProgress: (progress: BytesOfSet) => void) {}

  /** Says which files there will be, and the sizes that are known already. */
  expect(names: Iterable<string>, sizes: ReadonlyMap<string, number>): void {
    this.#names = [...names];
    for (const [name, bytes] of sizes) this.#totals.set(name, this.#totals.get(name) ?? bytes);
    this.#report();
  }

  /** To be called with the progress of each file. */
  readonly read = ({ name, loadedBytes, totalBytes }: ByteProgress): void => {
    this.#loaded.set(name, loadedBytes);
    this.#totals.set(name, totalBytes ?? this.#totals.get(name));
    this.#report();
  };

  /** Waits until each file has said how large it is, or that it does not know: totals do not jump. */
  #report(): void {
    if (!this.#names?.every((name) => this.#totals.has(name))) return;
    const totals = this.#names.map((name) => this.#totals.get(name));
    const loaded = this.#names.map((name) => this.#loaded.get(name) ?? 0);
    this.onProgress({
      loadedBytes: sum(loaded),
      totalBytes: totals.every((bytes) => bytes !== undefined) ? sum(totals) : undefined,
    });
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
