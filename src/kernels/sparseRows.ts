/** A matrix (N, D) that is nearly all zeros: row n has `values[k]` in column `columns[k]`, `starts[n] <= k < starts[n + 1]`. */
export interface SparseRows {
  /** (N + 1) */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** Rows put together one after the other, in buffers that grow. */
export class SparseRowsBuilder {
  #starts: number[] = [0];
  #columns = new Int32Array(1 << 12);
  #values = new Float32Array(1 << 12);
  #length = 0;

  /** Adds to the row that is not ended yet. */
  add(column: number, value: number): void {
    if (this.#length === this.#columns.length) {
      this.#columns = grown(this.#columns, new Int32Array(2 * this.#length));
      this.#values = grown(this.#values, new Float32Array(2 * this.#length));
    }
    this.#columns[this.#length] = column;
    this.#values[this.#length++] = value;
  }

  endRow(): void {
    this.#starts.push(this.#length);
  }

  /** Scales what the unfinished row has from `from` on. */
  scale(from: number, factor: number): void {
    for (let k = from; k < this.#length; k++) this.#values[k] = this.#values[k]! * factor;
  }

  get length(): number {
    return this.#length;
  }

  finish(): SparseRows {
    return {
      starts: Int32Array.from(this.#starts),
      columns: this.#columns.slice(0, this.#length),
      values: this.#values.slice(0, this.#length),
    };
  }
}

function grown<T extends Int32Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

export const rowCount = ({ starts }: SparseRows): number => starts.length - 1;
