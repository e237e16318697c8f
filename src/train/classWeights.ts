import { AnyformerError, show } from '../core/errors.ts';

/**
 * The option `classWeight` as one weight for each class, 1 where none is given. A key is a label, or
 * the index of a class as in tfjs's `fit`; a label that looks like an index is taken as a label.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` for a key that is neither.
 *
 * @example
 * classWeightVector({ spam: 2 }, ['ham', 'spam']); // Float32Array [1, 2]
 */
export function classWeightVector(
  classWeight: Readonly<Record<string, number>>,
  labels: readonly string[],
): Float32Array {
  const weights = new Float32Array(labels.length).fill(1);
  for (const [key, weight] of Object.entries(classWeight)) {
    const byLabel = labels.indexOf(key);
    const index = byLabel >= 0 ? byLabel : /^\d+$/.test(key) ? Number(key) : -1;
    if (index < 0 || index >= labels.length) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `classWeight has a weight for ${show(key)}, which is neither a label nor the index of one; labels are ${labels.map(show).join(', ')}.`,
      );
    }
    weights[index] = weight;
  }
  return weights;
}
