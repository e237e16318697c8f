import { type SparseRows, SparseRowsBuilder } from '../../kernels/sparseRows.ts';
import { type Extraction, extractNgrams, HashBuffer } from './extractNgrams.ts';
import { HashIndex } from './hashIndex.ts';
import type { NgramsConfig } from './ngramsConfig.ts';

/** Above so many features, those of a single text are left out. */
const MANY_FEATURES = 500_000;
/**
 * So do texts with more different n-grams than this, on average: nearly all of a new document's are
 * new, and would weigh down the known ones.
 */
const MANY_OF_A_TEXT = 1000;

/** Which n-grams there are, and how rare a feature may be. */
type Features = Extraction & Pick<NgramsConfig, 'minFrequency'>;

/**
 * The features a linear model knows, and what each counts: tf-idf with sublinear counts,
 *
 *     x_f = (1 + ln count_f) · (ln((1 + N) / (1 + df_f)) + 1)
 *
 * of the n-grams of words divided by their Euclidean norm, and those of characters by theirs, as
 * scikit-learn's TfidfVectorizer has it for each.
 */
export class NgramVocabulary {
  readonly #index: HashIndex;
  readonly #words = new HashBuffer();
  readonly #characters = new HashBuffer();
  /** What an n-gram that is no feature counts in the norm. */
  readonly #unknownIdf: number;

  /**
   * @param extraction the n-grams there are, and with `minFrequency` how rare the features may be.
   * @param hashes (D) the features.
   * @param idf (D) inverse document frequency of each.
   */
  constructor(
    private readonly extraction: Features,
    readonly hashes: Int32Array,
    readonly idf: Float32Array,
  ) {
    this.#index = HashIndex.of(hashes);
    // Where every n-gram of a training text is a feature, those of a single text have a share in its
    // norm. So must the new n-grams of a new text, or its scores would be larger than those that
    // cross-validation saw.
    this.#unknownIdf = extraction.minFrequency === 1 ? idf.reduce((a, b) => Math.max(a, b), 0) : 0;
  }

  /** Number of features, D. */
  get size(): number {
    return this.hashes.length;
  }

  /** Number of different features: below `size` where one stands twice, as in no sound file. */
  get distinct(): number {
    return this.#index.size;
  }

  /** Adds a text as a row (D) of `rows`. A text without a known feature is a row of zeros. */
  addRow(text: string, rows: SparseRowsBuilder): void {
    this.#words.length = 0;
    this.#characters.length = 0;
    extractNgrams(text, this.extraction, this.#words, this.#characters);
    for (const buffer of [this.#words, this.#characters]) {
      const from = rows.length;
      let squares = 0;
      eachCount(buffer, (hash, count) => {
        const column = this.#index.get(hash);
        const idf = column < 0 ? this.#unknownIdf : this.idf[column]!;
        const value = (1 + Math.log(count)) * idf;
        squares += value * value;
        if (column >= 0) rows.add(column, value);
      });
      if (squares > 0) rows.scale(from, 1 / Math.sqrt(squares));
    }
    rows.endRow();
  }
}

/** Counts n-grams over texts, and makes a vocabulary and the texts' rows of them. */
export class NgramCounter {
  readonly #found = new HashIndex();
  readonly #counts = new SparseRowsBuilder();
  /** Of each text, where its n-grams of characters begin. */
  readonly #borders: number[] = [];
  #frequencies = new Int32Array(1 << 12);
  readonly #words = new HashBuffer();
  readonly #characters = new HashBuffer();

  constructor(private readonly config: Features & Pick<NgramsConfig, 'maxFeatures'>) {}

  add(text: string): void {
    this.#words.length = 0;
    this.#characters.length = 0;
    extractNgrams(text, this.config, this.#words, this.#characters);
    eachCount(this.#words, this.#count);
    this.#borders.push(this.#counts.length);
    eachCount(this.#characters, this.#count);
    this.#counts.endRow();
  }

  readonly #count = (hash: number, count: number): void => {
    const feature = this.#found.add(hash);
    if (feature >= this.#frequencies.length) {
      const larger = new Int32Array(2 * this.#frequencies.length);
      larger.set(this.#frequencies);
      this.#frequencies = larger;
    }
    this.#frequencies[feature]!++;
    this.#counts.add(feature, count);
  };

  /**
   * The vocabulary, and the texts' rows under it. What of the texts' features is kept depends on
   * `minFrequency` and `maxFeatures`.
   *
   * @param known features that are kept in any case, first and in their order: those of a model
   *   that is trained further, whose idf they keep.
   */
  finish(known?: NgramVocabulary): {
    vocabulary: NgramVocabulary;
    rows: SparseRows;
    minFrequency: number;
  } {
    const texts = this.#borders.length;
    const { column, hashes, minFrequency } = this.#select(known);
    const idf = new Float32Array(hashes.length);
    idf.set(known?.idf ?? []);
    for (let feature = 0; feature < this.#found.size; feature++) {
      const at = column[feature]!;
      if (at < (known?.size ?? 0)) continue;
      idf[at] = Math.log((1 + texts) / (1 + this.#frequencies[feature]!)) + 1;
    }
    return {
      vocabulary: new NgramVocabulary({ ...this.config, minFrequency }, hashes, idf),
      rows: this.#rows(column, idf),
      minFrequency,
    };
  }

  /** The column of each feature found, -1 for those that go, and the features by column. */
  #select(known: NgramVocabulary | undefined) {
    const { maxFeatures } = this.config;
    const count = this.#found.size;
    const ofText = this.#counts.length / Math.max(1, this.#borders.length);
    const isMany = count > MANY_FEATURES || ofText > MANY_OF_A_TEXT;
    let least = this.config.minFrequency ?? (isMany ? 2 : 1);
    let kept = Int32Array.from({ length: count }, (_, feature) => feature).filter(
      (feature) => this.#frequencies[feature]! >= least,
    );
    if (kept.length > maxFeatures) {
      // Of equally frequent ones the first that occurred.
      kept.sort((a, b) => this.#frequencies[b]! - this.#frequencies[a]! || a - b);
      least = Math.max(least, this.#frequencies[kept[maxFeatures]!]!, 2);
      kept = kept.slice(0, maxFeatures).sort();
    }
    const { keys } = this.#found;
    const index = HashIndex.of(known?.hashes ?? []);
    const column = new Int32Array(count).fill(-1);
    for (const feature of kept) column[feature] = index.add(keys[feature]!);
    // A known feature stays one, however rare it is in these texts.
    for (let feature = 0; feature < count; feature++) {
      if (column[feature]! < 0) column[feature] = index.get(keys[feature]!);
    }
    return { column, hashes: index.keys.slice(), minFrequency: least };
  }

  #rows(column: Int32Array, idf: Float32Array): SparseRows {
    const { starts, columns, values } = this.#counts.finish();
    const rows = new SparseRowsBuilder();
    for (const [text, border] of this.#borders.entries()) {
      for (const [start, end] of [
        [starts[text]!, border],
        [border, starts[text + 1]!],
      ] as const) {
        const from = rows.length;
        let squares = 0;
        for (let k = start; k < end; k++) {
          const at = column[columns[k]!]!;
          if (at < 0) continue;
          const value = (1 + Math.log(values[k]!)) * idf[at]!;
          squares += value * value;
          rows.add(at, value);
        }
        if (squares > 0) rows.scale(from, 1 / Math.sqrt(squares));
      }
      rows.endRow();
    }
    return rows.finish();
  }
}

/** Calls back with each different hash number and how often it is there. */
function eachCount(buffer: HashBuffer, use: (hash: number, count: number) => void): void {
  const sorted = buffer.values.subarray(0, buffer.length).sort();
  for (let start = 0; start < sorted.length; ) {
    const hash = sorted[start]!;
    let end = start + 1;
    while (end < sorted.length && sorted[end] === hash) end++;
    use(hash, end - start);
    start = end;
  }
}
