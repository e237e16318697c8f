import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import {
  type DecoderSizes,
  type DecoderTensors,
  LAYER_FIELDS,
  MODEL_FIELDS,
  STEP_FIELDS,
  wordOf,
  writeRecord,
} from './decodeRecords.ts';

/** What there is room for. */
export interface DecoderRoom {
  /** Sequences whose keys and values are kept. */
  readonly slots: number;
  /** Tokens of each of them. */
  readonly capacity: number;
  /** Tokens that one call takes. */
  readonly rows: number;
  /** Sequences that are attended to, and the tokens of the longest of them. Default: none. */
  readonly sources?: number;
  readonly sourceCapacity?: number;
}

/** (capacity, d/2) each: the angles of rotary positions. */
export interface RotaryValues {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Where a record holds the address of a variable, which gets other memory when it is assigned to. */
interface Link {
  readonly tensor: tf.Tensor;
  /** In words of 4 bytes. */
  readonly word: number;
  /** Bytes from the start of the tensor. */
  readonly offset: number;
  dataId: object | undefined;
}

const CACHE_LINE = 64;

/** The memory of a decoder: its records, its keys and values, room to work in. Allocated once. */
export class DecodeMemory {
  readonly #blocks: number[] = [];
  readonly #links: Link[] = [];
  /** The address of the DecodeModel. */
  readonly model: number;
  /** The address of the DecodeStep. */
  readonly step: number;
  /** The address of the logits, (slots, V). */
  readonly logits: number;
  readonly #cache: number;
  readonly #ids: number;
  readonly #places: number;
  readonly #slots: number;
  readonly #targets: number;
  readonly #sources: number;
  readonly #sourceLengths: number;
  readonly #sourceCache: number;

  /** @throws AnyformerError `OUT_OF_MEMORY`; nothing is kept then. */
  constructor(
    private readonly backend: AnyformerBackend,
    private readonly sizes: DecoderSizes,
    tensors: DecoderTensors,
    rotary: RotaryValues | undefined,
    private readonly room: DecoderRoom,
  ) {
    const { rows, slots, capacity } = room;
    const words = (count: number) => this.allocate(4 * count);
    try {
      this.#cache = words(slots * this.#headsOfSlot * capacity * sizes.headDim);
      this.logits = words(slots * sizes.vocabulary);
      this.#ids = words(rows);
      this.#places = words(rows);
      this.#slots = words(rows);
      this.#targets = words(rows);
      this.#sources = words(rows);
      this.#sourceLengths = words(room.sources ?? 0);
      this.#sourceCache = words((room.sources ?? 0) * this.#floatsOfSource);
      this.model = words(MODEL_FIELDS.length);
      this.step = words(STEP_FIELDS.length);
      this.#writeModel(tensors, rotary);
      this.#writeStep(tensors.layers.some(({ gate }) => gate !== undefined));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Memory on cache lines of its own, until `dispose`. */
  allocate(bytes: number): number {
    const block = this.backend.heap.malloc(bytes + CACHE_LINE);
    this.#blocks.push(block);
    return Math.ceil(block / CACHE_LINE) * CACHE_LINE;
  }

  /** Makes the records name the memory that the weights have now. */
  renewLinks(): void {
    for (let i = 0; i < this.#links.length; i++) {
      const link = this.#links[i]!;
      if (link.tensor.dataId === link.dataId) continue;
      link.dataId = link.tensor.dataId;
      this.backend.heap.i32[link.word] = this.backend.pointer(link.tensor) + link.offset;
    }
  }

  /** Says what token `row` of the next call is; see DecodeStep. */
  setToken(
    row: number,
    id: number,
    place: number,
    slot: number,
    target: number,
    source: number,
  ): void {
    const { i32 } = this.backend.heap;
    i32[this.#ids / 4 + row] = id;
    i32[this.#places / 4 + row] = place;
    i32[this.#slots / 4 + row] = slot;
    i32[this.#targets / 4 + row] = target;
    i32[this.#sources / 4 + row] = source;
  }

  /**
   * Puts the keys and values of one layer for all sources into their cache.
   *
   * @param keys (N, H, S, d)
   * @param values (N, H, S, d)
   * @param lengths how many of the S tokens of each source there are.
   */
  writeSources(
    layer: number,
    keys: tf.Tensor4D,
    values: tf.Tensor4D,
    lengths: readonly number[],
  ): void {
    const [, heads, steps, d] = keys.shape;
    const perHead = this.room.sourceCapacity! * d;
    const addresses = [keys, values].map((tensor) => this.backend.pointer(tensor) / 4);
    const { f32, i32 } = this.backend.heap;
    lengths.forEach((length, source) => {
      i32[this.#sourceLengths / 4 + source] = length;
      for (let part = 0; part < 2; part++) {
        const first = (source * this.sizes.layerCount + layer) * 2 + part;
        for (let head = 0; head < heads; head++) {
          const from = addresses[part]! + (source * heads + head) * steps * d;
          const to = this.#sourceCache / 4 + (first * heads + head) * perHead;
          f32.copyWithin(to, from, from + length * d);
        }
      }
    });
  }

  setField(field: 'rows' | 'outputs' | 'isPrompt' | 'logits', value: number): void {
    this.backend.heap.i32[wordOf(STEP_FIELDS, this.step, field)] = value;
  }

  /** Copies the first `length` keys and values of a slot to another one. */
  copySlot(from: number, to: number, length: number): void {
    const { f32 } = this.backend.heap;
    const heads = this.#headsOfSlot;
    const perHead = this.room.capacity * this.sizes.headDim;
    const used = length * this.sizes.headDim;
    for (let head = 0; head < heads; head++) {
      const source = this.#cache / 4 + (from * heads + head) * perHead;
      const target = this.#cache / 4 + (to * heads + head) * perHead;
      f32.copyWithin(target, source, source + used);
    }
  }

  dispose(): void {
    for (const block of this.#blocks.splice(0)) this.backend.heap.free(block);
  }

  /** Heads of keys and of values that a slot holds, over all layers. */
  get #headsOfSlot(): number {
    return this.sizes.layerCount * 2 * this.sizes.keyValueHeads;
  }

  /** Keys and values of one source, over all layers. */
  get #floatsOfSource(): number {
    const { layerCount, heads, headDim } = this.sizes;
    return layerCount * 2 * heads * (this.room.sourceCapacity ?? 0) * headDim;
  }

  #writeModel(tensors: DecoderTensors, rotary: RotaryValues | undefined): void {
    const { heap } = this.backend;
    const layers = this.allocate(4 * LAYER_FIELDS.length * tensors.layers.length);
    const cos = rotary ? this.#copyOf(rotary.cos) : 0;
    const sin = rotary ? this.#copyOf(rotary.sin) : 0;
    const unlinked = { words: 0, positions: 0, finalGamma: 0, finalBeta: 0, head: 0, headBias: 0 };
    const { epsilon, normReplaces = false, wordScale = 1, firstPlace = 0, ...sizes } = this.sizes;
    const { capacity, sourceCapacity = 0 } = this.room;
    writeRecord(heap, this.model, MODEL_FIELDS, {
      ...{ ...sizes, ...unlinked, normReplaces: Number(normReplaces), cos, sin, layers },
      ...{ epsilon: floatBits(epsilon), wordScale: floatBits(wordScale) },
      ...{ cache: this.#cache, capacity, sourceCache: this.#sourceCache, sourceCapacity },
    });
    for (const field of Object.keys(unlinked) as (keyof typeof unlinked)[]) {
      const offset = field === 'positions' ? 4 * firstPlace * sizes.width : 0;
      this.#link(tensors[field], wordOf(MODEL_FIELDS, this.model, field), offset);
    }
    tensors.layers.forEach((layer, index) => {
      const record = layers + 4 * LAYER_FIELDS.length * index;
      LAYER_FIELDS.forEach((field, i) => {
        this.#link(layer[field], record / 4 + i);
      });
    });
  }

  /** A record's word names the memory of this tensor from now on; 0 = there is none. */
  #link(tensor: tf.Tensor | undefined, word: number, offset = 0): void {
    this.backend.heap.i32[word] = 0;
    if (tensor) this.#links.push({ tensor, word, offset, dataId: undefined });
  }

  #writeStep(isGated: boolean): void {
    const { rows } = this.room;
    const { width, heads, keyValueHeads, headDim, intermediate } = this.sizes;
    const floats = (perRow: number) => this.allocate(4 * rows * perRow);
    const buffers = {
      x: floats(width),
      normal: floats(width),
      fused: floats((heads + 2 * keyValueHeads) * headDim),
      mixed: floats(heads * headDim),
      inner: floats(intermediate),
      gated: isGated ? floats(intermediate) : 0,
      statistics: floats(2),
    };
    writeRecord(this.backend.heap, this.step, STEP_FIELDS, {
      ...{ rows: 0, isPrompt: 0, outputs: 0, logits: this.logits },
      ...{ ids: this.#ids, places: this.#places, slots: this.#slots, targets: this.#targets },
      ...{ sources: this.#sources, sourceLengths: this.#sourceLengths },
      ...buffers,
    });
  }

  #copyOf(values: Float32Array): number {
    const address = this.allocate(values.byteLength);
    this.backend.heap.f32.set(values, address / 4);
    return address;
  }
}

function floatBits(x: number): number {
  return new Int32Array(Float32Array.of(x).buffer)[0]!;
}
