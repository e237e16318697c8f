import * as v from 'valibot';
import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError, show } from '../core/errors.ts';
import { parseOptions, positiveInteger } from '../core/options.ts';
import type { FusedDecoder } from '../kernels/fusedDecoder.ts';

export interface DecodeCacheOptions {
  /** The most sequences that are decoded at once. Default: 1. */
  batchSize?: number;
  /** The most tokens of a sequence, prompt and all. Default: the model's `maxPositionEmbeddings`. */
  maxLength?: number;
}

const schema = v.strictObject({
  batchSize: v.optional(positiveInteger, 1),
  maxLength: v.optional(positiveInteger),
});

/** @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`. */
export function parseDecodeCacheOptions(
  options: DecodeCacheOptions,
  maxPositionEmbeddings: number,
  where = 'Decoder.createCache',
): Required<DecodeCacheOptions> {
  const { batchSize, maxLength = maxPositionEmbeddings } = parseOptions(where, schema, options);
  if (maxLength <= maxPositionEmbeddings) return { batchSize, maxLength };
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: maxLength ${maxLength} is more than the model's maxPositionEmbeddings ` +
      `${maxPositionEmbeddings}; use at most that.`,
  );
}

/** Tokens of prompts that are worked on at once. */
export const PROMPT_ROWS = 128;

/**
 * The keys and values of sequences that are being decoded, and how long each is. A row is one
 * sequence; rows may be of different lengths, and nothing of them is padded.
 *
 * Made by `createCache` of Decoder and EncoderDecoder, filled by their `prefill` and `step`. With
 * sources, whose keys and values are computed once, each row attends to its own; rows that go on from
 * one share it.
 */
export class DecodeCache {
  #kernel: FusedDecoder | undefined;
  /** Of each row: how many tokens it holds, and where its keys and values are kept. */
  #lengths: number[] = [];
  #slots: number[] = [];
  /** Of each row: which source it attends to. */
  #sources: number[] = [];
  readonly #owner: string;
  readonly #longestSource: number | undefined;

  /** @param sourceLengths the tokens of each source, where there are sources: one for each row. */
  constructor(
    kernel: FusedDecoder,
    private readonly vocabSize: number,
    readonly batchSize: number,
    readonly maxLength: number,
    private readonly sourceLengths?: readonly number[],
  ) {
    this.#kernel = kernel;
    this.#owner = sourceLengths ? 'EncoderDecoder' : 'Decoder';
    this.#longestSource = sourceLengths && Math.max(...sourceLengths);
  }

  /** How many tokens each row holds; as many entries as there are rows. */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  /**
   * Makes row i what row indices[i] was, for beams that go on from others. There may be fewer
   * indices than rows or, up to `batchSize`, more. What moves is copied only where two rows go on
   * from the same one.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` for an index that is no row, and for too many of them.
   */
  reorder(indices: ArrayLike<number>): void {
    const kernel = this.#open('reorder');
    const rows = this.#lengths.length;
    if (indices.length > this.batchSize) {
      throw refusal(
        `DecodeCache.reorder received ${indices.length} indices; its batchSize is ${this.batchSize}.`,
      );
    }
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i]!;
      if (Number.isInteger(row) && row >= 0 && row < rows) continue;
      throw refusal(`DecodeCache.reorder: index ${show(row)} is no row; there are ${rows}.`);
    }
    const lengths = Array.from(indices, (row) => this.#lengths[row]!);
    const sources = Array.from(indices, (row) => this.#slots[row]!);
    const taken = new Set<number>();
    // The first that goes on from a row keeps its slot, the others get copies in slots set free.
    const keeps = sources.map((slot) => !taken.has(slot) && taken.add(slot) !== undefined);
    const free: number[] = [];
    for (let slot = 0; slot < this.batchSize; slot++) if (!taken.has(slot)) free.push(slot);
    this.#slots = sources.map((slot, i) => {
      if (keeps[i]) return slot;
      const copy = free.pop()!;
      kernel.copySlot(slot, copy, lengths[i]!);
      return copy;
    });
    this.#lengths = lengths;
    this.#sources = Array.from(indices, (row) => this.#sources[row]!);
  }

  /**
   * Forgets what rows hold beyond the first `length` tokens; 0 leaves no rows, so that the next
   * prompts may be as many as they like.
   *
   * @throws AnyformerError `INVALID_ARGUMENT` for what is no length.
   */
  truncate(length: number): void {
    this.#open('truncate');
    if (!Number.isInteger(length) || length < 0) {
      throw refusal(`DecodeCache.truncate takes a non-negative integer, received ${show(length)}.`);
    }
    if (length === 0) this.#lengths = [];
    this.#lengths = this.#lengths.map((held) => Math.min(held, length));
    this.#slots.length = this.#lengths.length;
    this.#sources.length = this.#lengths.length;
  }

  /** See `Decoder.prefill`. */
  prefill(prompts: readonly ArrayLike<number>[]): Float32Array {
    const kernel = this.#open('prefill');
    this.#checkPrompts(prompts);
    if (this.#lengths.length === 0) {
      this.#lengths = prompts.map(() => 0);
      this.#slots = prompts.map((_, row) => row);
      this.#sources = prompts.map((_, row) => row);
    }
    let rows = 0;
    let outputs = 0;
    let firstOutput = 0;
    let longest = 0;
    const flush = () => {
      kernel.run({
        ...{ rows, outputs, firstOutput, longest, longestSource: this.#longestSource },
        isPrompt: true,
      });
      firstOutput += outputs;
      rows = 0;
      outputs = 0;
      longest = 0;
    };
    prompts.forEach((prompt, row) => {
      for (let i = 0; i < prompt.length; i++) {
        const isLast = i === prompt.length - 1;
        const place = this.#lengths[row]!++;
        const target = isLast ? outputs++ : -1;
        const [slot, source] = [this.#slots[row]!, this.#sources[row]!];
        kernel.setToken(rows++, prompt[i]!, place, slot, target, source);
        longest = Math.max(longest, place + 1);
        if (rows === PROMPT_ROWS) flush();
      }
    });
    if (rows > 0) flush();
    return kernel.logits(prompts.length);
  }

  /** See `Decoder.step`. */
  step(ids: ArrayLike<number>): Float32Array {
    const kernel = this.#open('step');
    const rows = this.#lengths.length;
    if (ids.length !== rows || rows === 0) {
      throw refusal(
        `${this.#owner}.step takes one token for each of the ${rows} rows of the cache, received ${ids.length}` +
          `${rows === 0 ? '; call prefill first' : ''}.`,
      );
    }
    for (let row = 0; row < rows; row++) this.#checkToken(ids[row]!, row);
    for (let row = 0; row < rows; row++) this.#checkRoom(row, 1);
    let longest = 0;
    for (let row = 0; row < rows; row++) {
      const place = this.#lengths[row]!++;
      kernel.setToken(row, ids[row]!, place, this.#slots[row]!, row, this.#sources[row]!);
      longest = Math.max(longest, place + 1);
    }
    kernel.run({
      ...{ rows, outputs: rows, firstOutput: 0, longest, longestSource: this.#longestSource },
      isPrompt: false,
    });
    return kernel.logits(rows);
  }

  /** Frees the memory. Using it afterwards is an error. */
  dispose(): void {
    this.#kernel?.dispose();
    this.#kernel = undefined;
  }

  [disposeSymbol](): void {
    this.dispose();
  }

  #open(method: string): FusedDecoder {
    if (this.#kernel) return this.#kernel;
    throw new AnyformerError(
      'DISPOSED',
      `The DecodeCache was disposed of before ${method}; make another one with createCache.`,
    );
  }

  #checkPrompts(prompts: readonly ArrayLike<number>[]): void {
    const rows = this.#lengths.length;
    if (prompts.length === 0 || prompts.length > this.batchSize) {
      throw refusal(
        `${this.#owner}.prefill received ${prompts.length} prompts; the cache's batchSize is ` +
          `${this.batchSize}, so give 1 to ${this.batchSize}.`,
      );
    }
    const sources = this.sourceLengths?.length;
    if (rows === 0 && sources !== undefined && prompts.length !== sources) {
      throw refusal(
        `${this.#owner}.prefill received ${prompts.length} prompts for ${sources} sources; ` +
          'give one for each.',
      );
    }
    if (rows > 0 && prompts.length !== rows) {
      throw refusal(
        `${this.#owner}.prefill received ${prompts.length} prompts for the ${rows} rows that the cache ` +
          'holds; give one for each, or truncate(0) first.',
      );
    }
    prompts.forEach((prompt, row) => {
      if (prompt.length === 0) {
        throw refusal(
          `${this.#owner}.prefill: prompt ${row} is empty; begin it with a token, such as bosTokenId.`,
        );
      }
      for (let i = 0; i < prompt.length; i++) this.#checkToken(prompt[i]!, row);
      this.#checkRoom(row, prompt.length);
    });
  }

  #checkToken(id: number, row: number): void {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return;
    throw refusal(
      `Row ${row} has the token ${show(id)}; tokens of this model go from 0 to ${this.vocabSize - 1}. ` +
        'Was the text encoded by the tokenizer of this model?',
    );
  }

  #checkRoom(row: number, added: number): void {
    const held = this.#lengths[row] ?? 0;
    if (held + added <= this.maxLength) return;
    throw refusal(
      `Row ${row} holds ${held} tokens and ${added} more do not fit: the cache has maxLength ` +
        `${this.maxLength}. Make it longer, or shorten the prompt.`,
    );
  }
}

function refusal(message: string): AnyformerError {
  return new AnyformerError('INVALID_ARGUMENT', message);
}
