import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { rotaryEmbedding } from '../../src/layers/rotaryEmbedding.ts';
import { sinePositionEncoding } from '../../src/layers/sinePositionEncoding.ts';
import { tokenAndPositionEmbedding } from '../../src/layers/tokenAndPositionEmbedding.ts';

beforeAll(async () => {
  await createEngine();
});

describe('sinePositionEncoding', () => {
  it("is the paper's formula, for every sequence of the batch", () => {
    tf.tidy(() => {
      const layer = sinePositionEncoding({ maxWavelength: 100 });
      const y = (layer.apply(tf.zeros([2, 3, 4])) as tf.Tensor3D).arraySync();
      const at = (t: number) => [
        Math.sin(t),
        Math.cos(t),
        Math.sin(t / 100 ** 0.5),
        Math.cos(t / 100 ** 0.5),
      ];
      for (const sequence of y) {
        sequence.forEach((row, t) => {
          row.forEach((value, i) => {
            expect(value).toBeCloseTo(at(t)[i]!, 6);
          });
        });
      }
      const later = layer.apply(tf.zeros([1, 1, 4]), { startIndex: 2 }) as tf.Tensor3D;
      expect(later.arraySync()[0]![0]).toEqual(y[0]![2]);
    });
  });
});

describe('rotaryEmbedding', () => {
  it.each([false, true])('rotates by the position, interleaved: %s', (interleaved) => {
    tf.tidy(() => {
      const layer = rotaryEmbedding({ interleaved, maxWavelength: 50 });
      const x = tf.randomNormal([1, 4, 2, 6], 0, 1, 'float32', 1) as tf.Tensor4D;
      const y = (layer.apply(x) as tf.Tensor4D).arraySync();
      x.arraySync()[0]!.forEach((heads, t) => {
        heads.forEach((vector, h) => {
          for (let i = 0; i < 3; i++) {
            const [a, b] = interleaved ? [2 * i, 2 * i + 1] : [i, i + 3];
            const angle = t * 50 ** (-i / 3);
            const [u, w] = [vector[a]!, vector[b]!];
            const rotated = y[0]![t]![h]!;
            expect(rotated[a]!).toBeCloseTo(u * Math.cos(angle) - w * Math.sin(angle), 5);
            expect(rotated[b]!).toBeCloseTo(w * Math.cos(angle) + u * Math.sin(angle), 5);
          }
        });
      });
    });
  });

  it('goes on from startIndex, and stretches by scalingFactor', () => {
    tf.tidy(() => {
      const x = tf.ones([1, 1, 4]);
      const at = (startIndex: number, scalingFactor = 1) =>
        (rotaryEmbedding({ scalingFactor }).apply(x, { startIndex }) as tf.Tensor).dataSync();
      expect(at(6, 2)).toEqual(at(3));
      expect(at(6)).not.toEqual(at(3));
    });
  });

  it('refuses an odd width', () => {
    expect(() => rotaryEmbedding().apply(tf.zeros([1, 2, 3]))).toThrow(/of even width/);
  });
});

describe('tokenAndPositionEmbedding', () => {
  it('adds the rows of token and place', () => {
    tf.tidy(() => {
      const layer = tokenAndPositionEmbedding({
        vocabularySize: 5,
        sequenceLength: 4,
        embeddingDim: 3,
      });
      const ids = [
        [4, 0, 4],
        [1, 2, 3],
      ];
      const y = (layer.apply(tf.tensor2d(ids, [2, 3], 'int32')) as tf.Tensor3D).arraySync();
      const [tokens, places] = layer.getWeights().map((w) => w.arraySync()) as [
        number[][],
        number[][],
      ];
      ids.forEach((row, b) => {
        row.forEach((id, t) => {
          y[b]![t]!.forEach((value, i) => {
            expect(value).toBeCloseTo(tokens[id]![i]! + places[t]![i]!, 6);
          });
        });
      });
      layer.dispose();
    });
  });

  it('refuses longer sequences and ids outside of the vocabulary', () => {
    const layer = tokenAndPositionEmbedding({
      vocabularySize: 5,
      sequenceLength: 2,
      embeddingDim: 3,
    });
    expect(() => layer.apply(tf.zeros([1, 3], 'int32'))).toThrow(
      /at most 2 steps, received \(1, 3\)/,
    );
    expect(() => layer.apply(tf.tensor2d([[5, 0]], [1, 2], 'int32'))).toThrow(/5/);
    layer.dispose();
  });
});
