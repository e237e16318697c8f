import { Random } from '../core/random.ts';
import type { SparseRows } from '../kernels/sparseRows.ts';

export interface LinearFitOptions {
  /** Weight of the squared hinge loss beside the penalty of 1/2 |w|². */
  readonly C: number;
  /** (N) Weight of each row in the loss. Default: 1 each. */
  readonly rowWeights?: Float32Array | undefined;
  /** Rows to learn from; the others are left alone. Default: all. */
  readonly rows?: Int32Array | undefined;
  /** (D + 1) What the weights are drawn to in place of 0: those of a model that is trained further. */
  readonly prior?: Float32Array | undefined;
  /** Seed of the order of the rows. */
  readonly seed: number;
  /** Called before every pass over the rows: to give others a turn, or to throw. */
  readonly breathe: () => Promise<void>;
}

export interface LinearFit {
  /** (D + 1) weights, the bias last. */
  readonly weights: Float32Array;
  /** Passes over the rows. */
  readonly passes: number;
}

/** Passes over the rows at the most. The weights stop moving long before, mostly. */
const MAX_PASSES = 60;
/** The largest violation of the optimum that may remain, as in liblinear. */
const TOLERANCE = 0.02;

/**
 * One output of a linear model: NB-SVM, a support vector machine over features that are scaled by
 * how well each tells the label on its own.
 *
 *     r_f = |ln((p_f + 1) / (P + 2) · (Q + 2) / (q_f + 1))|^(1/2)
 *
 * with p_f of the P rows that have the label, and q_f of the Q others, holding feature f; scaled so
 * that the mean squared norm of the rows stays as it was. Then
 *
 *     min_w  1/2 |w - w_0|² + C Σ_n c_n max(0, 1 - y_n w·(r ∘ x_n))²
 *
 * by dual coordinate descent, which stops when no row violates the optimum by more than a
 * tolerance. The bias is the weight of one more feature that is 1 everywhere.
 *
 * @param x (N, D)
 * @param hasLabel (N) 1 for the rows with the label, 0 for the others.
 * @returns weights for the unscaled features: r ∘ w.
 *
 * @see Wang and Manning (2012), Baselines and Bigrams; Hsieh et al. (2008), A Dual Coordinate
 *   Descent Method for Large-scale Linear SVM (liblinear's solver 1).
 */
export async function fitNaiveBayesSvm(
  x: SparseRows,
  features: number,
  hasLabel: Uint8Array,
  { C, rowWeights, rows, prior, seed, breathe }: LinearFitOptions,
): Promise<LinearFit> {
  const { starts, columns, values } = x;
  const order = rows?.slice() ?? Int32Array.from({ length: starts.length - 1 }, (_, row) => row);
  const scale = ratioScale(x, features, hasLabel, order);
  const w = new Float64Array(features + 1);
  // A feature that says nothing on its own has scale 0: it keeps the weight it had.
  if (prior) for (let f = 0; f < features; f++) w[f] = scale[f]! > 0 ? prior[f]! / scale[f]! : 0;
  if (prior) w[features] = prior[features]!;

  const squares = new Float64Array(starts.length - 1);
  for (const row of order) {
    let sum = 1;
    for (let k = starts[row]!; k < starts[row + 1]!; k++) {
      const value = values[k]! * scale[columns[k]!]!;
      sum += value * value;
    }
    squares[row] = sum;
  }

  const alpha = new Float64Array(starts.length - 1);
  const random = new Random(seed);
  let passes = 0;
  for (let isDone = false; !isDone && passes < MAX_PASSES; passes++) {
    await breathe();
    // From 0 on: violations that are all large and alike are no reason to stop.
    let highest = 0;
    let lowest = 0;
    random.shuffle(order);
    for (const row of order) {
      const y = hasLabel[row] ? 1 : -1;
      const start = starts[row]!;
      const end = starts[row + 1]!;
      let margin = w[features]!;
      for (let k = start; k < end; k++) {
        const f = columns[k]!;
        margin += w[f]! * values[k]! * scale[f]!;
      }
      const diagonal = 1 / (2 * C * (rowWeights?.[row] ?? 1));
      const gradient = y * margin - 1 + alpha[row]! * diagonal;
      const projected = alpha[row] === 0 ? Math.min(gradient, 0) : gradient;
      if (projected > highest) highest = projected;
      if (projected < lowest) lowest = projected;
      if (projected > -1e-12 && projected < 1e-12) continue;
      const before = alpha[row]!;
      const after = Math.max(before - gradient / (squares[row]! + diagonal), 0);
      alpha[row] = after;
      const change = (after - before) * y;
      for (let k = start; k < end; k++) {
        const f = columns[k]!;
        w[f] = w[f]! + change * values[k]! * scale[f]!;
      }
      w[features] = w[features]! + change;
    }
    isDone = highest - lowest < TOLERANCE;
  }
  const weights = new Float32Array(features + 1);
  for (let f = 0; f < features; f++) {
    weights[f] = scale[f]! > 0 ? w[f]! * scale[f]! : (prior?.[f] ?? 0);
  }
  weights[features] = w[features]!;
  return { weights, passes };
}

/** r, the scale of each feature. */
function ratioScale(
  { starts, columns, values }: SparseRows,
  features: number,
  hasLabel: Uint8Array,
  rows: Int32Array,
): Float64Array {
  const positive = new Int32Array(features);
  const negative = new Int32Array(features);
  let positives = 0;
  for (const row of rows) {
    const counts = hasLabel[row] ? positive : negative;
    positives += hasLabel[row]!;
    for (let k = starts[row]!; k < starts[row + 1]!; k++) counts[columns[k]!]!++;
  }
  const negatives = rows.length - positives;
  const scale = new Float64Array(features);
  for (let f = 0; f < features; f++) {
    const p = (positive[f]! + 1) / (positives + 2);
    const q = (negative[f]! + 1) / (negatives + 2);
    // Features that none of these rows has get no weight, so no scale either.
    if (positive[f]! + negative[f]! > 0) scale[f] = Math.sqrt(Math.abs(Math.log(p / q)));
  }
  let before = 0;
  let after = 0;
  for (const row of rows) {
    for (let k = starts[row]!; k < starts[row + 1]!; k++) {
      const value = values[k]!;
      const scaled = value * scale[columns[k]!]!;
      before += value * value;
      after += scaled * scaled;
    }
  }
  const factor = after > 0 ? Math.sqrt(before / after) : 1;
  for (let f = 0; f < features; f++) scale[f] = scale[f]! * factor;
  return scale;
}
