import * as tf from '@tensorflow/tfjs-core';

/**
 * Fixed encodings of positions, (T, D): the first half of the columns sin(t / 10000^(2i/D)), the
 * second half cos(t / 10000^(2i/D)).
 *
 * Source: as MarianSinusoidalPositionalEmbedding of Hugging Face.
 */
export class SinePositions {
  readonly table: tf.Tensor2D;

  constructor(positions: number, width: number) {
    this.table = tf.keep(tf.tensor2d(sineTable(positions, width), [positions, width]));
  }

  /** Of places 0 to `steps` - 1, (steps, D). */
  upTo(steps: number): tf.Tensor2D {
    return tf.slice(this.table, [0, 0], [steps, this.table.shape[1]]);
  }

  dispose(): void {
    this.table.dispose();
  }
}

function sineTable(positions: number, width: number): Float32Array {
  const table = new Float32Array(positions * width);
  const sines = Math.ceil(width / 2);
  for (let i = 0; i < width; i++) {
    const isSine = i < sines;
    const frequency = 10_000 ** ((-2 * (isSine ? i : i - sines)) / width);
    const wave = isSine ? Math.sin : Math.cos;
    for (let t = 0; t < positions; t++) table[t * width + i] = wave(t * frequency);
  }
  return table;
}
