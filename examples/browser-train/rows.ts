import type { TextExample } from 'anyformer';
import { get, set } from 'idb-keyval';
import { SEVERAL } from './parseTable.ts';

export interface Row {
  readonly text: string;
  /** '' while it has none; such rows are not learned from. */
  readonly label: string;
}

/** What happened to the rows: others in their place, some more or fewer, or other words in one. */
export type RowsChange = 'replaced' | 'structure' | 'cell';

interface Kept {
  readonly texts: readonly string[];
  readonly labels: readonly string[];
  readonly several: boolean;
}

const KEY = 'rows';
/** Milliseconds of quiet before changes are kept for the next visit. */
const KEEP_AFTER = 150;

/** The rows of the table. Each change is kept for the next visit. */
export class Rows {
  #list: Row[] = [];
  #several = false;
  #before: { list: Row[]; several: boolean } | undefined;
  #listeners: ((change: RowsChange) => void)[] = [];
  #keeping: number | undefined;
  /** Of many rows they take milliseconds, and several panels ask for them. */
  #examples: readonly TextExample[] | undefined;
  #counts: readonly (readonly [label: string, count: number])[] | undefined;

  get all(): readonly Row[] {
    return this.#list;
  }

  /** Whether a text may have several labels. */
  get several(): boolean {
    return this.#several;
  }

  get canUndo(): boolean {
    return this.#before !== undefined;
  }

  /** The rows that have a text and a label, for the training. */
  get examples(): readonly TextExample[] {
    if (this.#examples) return this.#examples;
    const examples: TextExample[] = [];
    for (const row of this.#list) {
      const [text, label] = [row.text.trim(), row.label.trim()];
      if (text === '' || label === '') continue;
      examples.push({ text, label: this.#several ? namesIn(label) : label });
    }
    this.#examples = examples;
    return examples;
  }

  /** How many rows have each label, the most frequent first. */
  counts(): readonly (readonly [label: string, count: number])[] {
    this.#counts ??= countsOf(this.examples);
    return this.#counts;
  }

  onChange(listener: (change: RowsChange) => void): void {
    this.#listeners.push(listener);
  }

  replace(list: Row[], { several = false } = {}): void {
    this.#remember();
    this.#list = list;
    this.#several = several;
    this.#changed('replaced');
  }

  /** Puts a row before all others, where it is seen. */
  add(row: Row): void {
    this.#list = [row, ...this.#list];
    this.#changed('structure');
  }

  /** @param redraw whether the table does not show it yet. */
  change(index: number, part: Partial<Row>, { redraw = false } = {}): void {
    this.#list[index] = { ...this.#list[index]!, ...part };
    this.#changed(redraw ? 'structure' : 'cell');
  }

  remove(index: number): void {
    this.#remember();
    this.#list = this.#list.filter((_, n) => n !== index);
    this.#changed('structure');
  }

  /** Brings back what the last removal or replacement took. */
  undo(): void {
    if (!this.#before) return;
    this.#list = this.#before.list;
    this.#several = this.#before.several;
    this.#before = undefined;
    this.#changed('replaced');
  }

  /** @returns whether the last visit left some. */
  async recall(): Promise<boolean> {
    const json = await get<string>(KEY).catch(() => undefined);
    if (json === undefined) return false;
    const kept: Kept = JSON.parse(json);
    this.#several = kept.several;
    this.#list = kept.texts.map((text, n) => ({ text, label: kept.labels[n]! }));
    this.#tell('replaced');
    return true;
  }

  #remember(): void {
    if (this.#list.length === 0) return;
    this.#before = { list: [...this.#list], several: this.#several };
  }

  #changed(change: RowsChange): void {
    this.#tell(change);
    clearTimeout(this.#keeping);
    this.#keeping = window.setTimeout(() => void this.#keep(), KEEP_AFTER);
  }

  #tell(change: RowsChange): void {
    this.#examples = this.#counts = undefined;
    for (const listener of this.#listeners) listener(change);
  }

  /** One string is copied much quicker than many. A full disk costs the next visit only. */
  async #keep(): Promise<void> {
    const kept: Kept = {
      texts: this.#list.map(({ text }) => text),
      labels: this.#list.map(({ label }) => label),
      several: this.#several,
    };
    await set(KEY, JSON.stringify(kept)).catch((error) => console.warn(error));
  }
}

const namesIn = (label: string): string[] => label.split(SEVERAL.trim()).map((name) => name.trim());

/** How many examples have each label, the most frequent first. */
export function countsOf(examples: readonly TextExample[]): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { label } of examples) {
    for (const name of typeof label === 'string' ? [label] : label) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}
