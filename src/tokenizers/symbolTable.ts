/** The vocabulary while it grows: tokens numbered in the order they were added, each text once. */
export class SymbolTable {
  readonly #texts: string[] = [];
  readonly #ids = new Map<string, number>();

  get size(): number {
    return this.#texts.length;
  }

  /** The id of `text`, which is added if it is new. */
  add(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#texts.length;
      this.#ids.set(text, id);
      this.#texts.push(text);
    }
    return id;
  }

  has(text: string): boolean {
    return this.#ids.has(text);
  }

  text(id: number): string {
    return this.#texts[id]!;
  }

  /** The `vocab` of a tokenizer.json. Built from entries: a token may be called `__proto__`. */
  toVocab(): Record<string, number> {
    return Object.fromEntries(this.#ids);
  }
}
