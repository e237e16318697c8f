import * as tf from '@tensorflow/tfjs-core';
import { rotaryAngles } from '../layers/rotaryAngles.ts';

const FIRST_LENGTH = 64;

/** A model's tables of rotary positions. They grow to the longest sequence met, up to a limit. */
export class RotaryPositions {
  #length = 0;
  #tables: { cos: tf.Tensor2D; sin: tf.Tensor2D } | undefined;

  constructor(
    private readonly headDim: number,
    private readonly theta: number,
    private readonly limit: number,
  ) {}

  /** (at least `length`, headDim / 2) each; they belong to this object. */
  upTo(length: number): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
    if (this.#tables && length <= this.#length) return this.#tables;
    this.dispose();
    const pairs = this.headDim / 2;
    const rows = Math.min(this.limit, Math.max(FIRST_LENGTH, 2 ** Math.ceil(Math.log2(length))));
    const { cos, sin } = rotaryAngles(0, rows, pairs, this.theta);
    this.#tables = {
      cos: tf.keep(tf.tensor2d(cos, [rows, pairs])),
      sin: tf.keep(tf.tensor2d(sin, [rows, pairs])),
    };
    this.#length = rows;
    return this.#tables;
  }

  dispose(): void {
    if (this.#tables) tf.dispose([this.#tables.cos, this.#tables.sin]);
    this.#tables = undefined;
    this.#length = 0;
  }
}
