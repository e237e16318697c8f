import type * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../engine/backend.ts';
import { isShareable } from '../engine/divideRange.ts';
import { DecodeMemory, type DecoderRoom, type RotaryValues } from './decodeMemory.ts';
import { type DecodePhase, decodePhases, type StepSize } from './decodePhases.ts';
import type { DecoderSizes, DecoderTensors } from './decodeRecords.ts';
import { runRange } from './run.ts';

/** What one call is to do with the tokens that were set. */
export interface DecodeCall extends StepSize {
  /** The first of its rows of logits among all that are kept. */
  readonly firstOutput: number;
}

/** The phases of the calls of one size, for threads to share; none where no phase is worth it. */
interface Plan extends StepSize {
  readonly phases: readonly (DecodePhase & { readonly parameters: readonly number[] })[];
}

/**
 * The decode kernels bound to the weights of a model. Weights are read where they are: no copy of
 * them is made, and a change is seen by the next call. With one thread a call is one call into
 * WebAssembly; several threads share its phases, and give the same bits.
 *
 * @param rotary the angles of positions, where those are rotary.
 * @throws AnyformerError `OUT_OF_MEMORY`; nothing is kept then.
 */
export class FusedDecoder {
  readonly #memory: DecodeMemory;
  readonly #scratchBytes: number;
  /** The parameters of `f32_decode`. */
  readonly #whole: readonly number[];
  #plan: Plan | undefined;
  #view = new Float32Array();

  constructor(
    private readonly backend: AnyformerBackend,
    private readonly sizes: DecoderSizes,
    tensors: DecoderTensors,
    rotary: RotaryValues | undefined,
    room: DecoderRoom,
  ) {
    this.#memory = new DecodeMemory(backend, sizes, tensors, rotary, room);
    const { model, step } = this.#memory;
    const bytes = backend.native.f32_decode_scratchBytes!(model) >>> 0;
    this.#scratchBytes = Math.ceil(bytes / 64) * 64;
    try {
      const threads = backend.pool?.threads ?? 1;
      this.#whole = [model, step, this.#memory.allocate(this.#scratchBytes * threads)];
    } catch (error) {
      this.#memory.dispose();
      throw error;
    }
  }

  /**
   * Says what token `row` of the next call is.
   *
   * @param id in [0, V).
   * @param place its position: it sees what the slot holds from 0 up to here.
   * @param slot where the keys and values of its sequence are kept.
   * @param target which of the call's rows of logits is the one after this token; -1 = none is.
   * @param source which source its sequence attends to, where there are sources.
   */
  setToken(
    row: number,
    id: number,
    place: number,
    slot: number,
    target: number,
    source: number,
  ): void {
    this.#memory.setToken(row, id, place, slot, target, source);
  }

  /** Says what the sources are: see {@link DecodeMemory.writeSources}. */
  writeSources(
    layer: number,
    keys: tf.Tensor4D,
    values: tf.Tensor4D,
    lengths: readonly number[],
  ): void {
    this.#memory.writeSources(layer, keys, values, lengths);
  }

  /** Appends the tokens to their slots, and computes the logits that are asked for. */
  run(call: DecodeCall): void {
    const { rows, outputs, firstOutput, isPrompt } = call;
    const memory = this.#memory;
    memory.renewLinks();
    memory.setField('rows', rows);
    memory.setField('outputs', outputs);
    memory.setField('isPrompt', Number(isPrompt));
    memory.setField('logits', memory.logits + 4 * firstOutput * this.sizes.vocabulary);
    const phases = this.#phasesOf(call);
    if (phases.length === 0) runRange(this.backend, 'f32_decode', this.#whole, 1);
    for (const { parameters, units, options } of phases) {
      runRange(this.backend, 'f32_decode_phase', parameters, units, options);
    }
  }

  /** The first `rows` rows of logits, (rows, V): a view, valid until the next call. */
  logits(rows: number): Float32Array {
    const { f32 } = this.backend.heap;
    const length = rows * this.sizes.vocabulary;
    if (this.#view.buffer !== f32.buffer || this.#view.length !== length) {
      const first = this.#memory.logits / 4;
      this.#view = f32.subarray(first, first + length) as Float32Array<ArrayBuffer>;
    }
    return this.#view;
  }

  /** Copies the first `length` keys and values of a slot to another one. */
  copySlot(from: number, to: number, length: number): void {
    this.#memory.copySlot(from, to, length);
  }

  dispose(): void {
    this.#memory.dispose();
  }

  #phasesOf({ rows, outputs, longest, longestSource, isPrompt }: DecodeCall): Plan['phases'] {
    const { pool } = this.backend;
    if (pool === undefined) return [];
    const plan = this.#plan;
    const isSame =
      plan?.rows === rows &&
      plan.outputs === outputs &&
      plan.isPrompt === isPrompt &&
      plan.longestSource === longestSource;
    if (isSame && longest <= plan.longest && longest > plan.longest / 2) return plan.phases;
    // Up to the next power of two the work is divided alike.
    const rounded = 2 ** Math.ceil(Math.log2(longest));
    const size = { rows, outputs, longest: rounded, longestSource, isPrompt };
    const all = decodePhases(this.sizes, size, this.#scratchBytes);
    const isDivided = all.some(({ units, options }) => isShareable(units, options));
    const [model, step, scratch] = this.#whole as [number, number, number];
    const phases = all.map((phase) => ({
      ...phase,
      parameters: [model, step, phase.code, phase.layer, scratch],
    }));
    this.#plan = { ...size, phases: isDivided ? phases : [] };
    return this.#plan.phases;
  }
}
