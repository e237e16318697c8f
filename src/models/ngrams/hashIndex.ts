/** Numbers 32-bit keys in order of appearance: 0, 1, 2, … An open-addressing table, since a Map of millions is large and slow. */
export class HashIndex {
  #slots = new Int32Array(1 << 12); // index + 1, or 0 for an empty one
  #keys = new Int32Array(1 << 11);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** All keys, in their order. */
  get keys(): Int32Array {
    return this.#keys.subarray(0, this.#count);
  }

  /** The number of a key, or -1. */
  get(key: number): number {
    return this.#slots[this.#slotOf(key)]! - 1;
  }

  /** The number of a key, which is new where there is none. */
  add(key: number): number {
    const slot = this.#slotOf(key);
    const found = this.#slots[slot]!;
    if (found > 0) return found - 1;
    if (this.#count === this.#keys.length) this.#grow();
    // Growing moves the slots.
    this.#slots[this.#slotOf(key)] = this.#count + 1;
    this.#keys[this.#count] = key;
    return this.#count++;
  }

  #slotOf(key: number): number {
    const mask = this.#slots.length - 1;
    // Keys are hash numbers already: their low bits are as good as any.
    let slot = key & mask;
    for (;;) {
      const found = this.#slots[slot]!;
      if (found === 0 || this.#keys[found - 1] === key) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const keys = new Int32Array(2 * this.#keys.length);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let i = 0; i < this.#count; i++) this.#slots[this.#slotOf(keys[i]!)] = i + 1;
  }

  static of(keys: Iterable<number>): HashIndex {
    const index = new HashIndex();
    for (const key of keys) index.add(key);
    return index;
  }
}
