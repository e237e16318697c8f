import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SparseRows, SparseRowsBuilder } from '../../src/kernels/sparseRows.ts';
import { fitNaiveBayesSvm, type LinearFitOptions } from '../../src/train/naiveBayesSvm.ts';

/** Rows of 6 features in eighths: '300000' has 3/8 in the first. */
const DIGITS = [
  ...['000300', '000000', '000000', '083000', '000000', '001008', '500701', '000600'],
  ...['305067', '000100', '000000', '050000', '006002', '000080', '000100', '000000'],
  ...['005000', '255500', '000400', '080000', '004040', '080023', '044103', '863040'],
];
const ROWS = DIGITS.map((row) => [...row].map((digit) => Number(digit) / 8));
const LABELS = [...'110111110101000101010111'].map(Number);

function sparse(rows: readonly (readonly number[])[]): SparseRows {
  const builder = new SparseRowsBuilder();
  for (const row of rows) {
    for (const [column, value] of row.entries()) if (value !== 0) builder.add(column, value);
    builder.endRow();
  }
  return builder.finish();
}

function fitted(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  options: Partial<LinearFitOptions> = {},
) {
  const breathe = async () => {};
  return fitNaiveBayesSvm(sparse(rows), rows[0]?.length ?? 0, Uint8Array.from(labels), {
    ...{ C: 1, seed: 1, breathe },
    ...options,
  });
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** r by its definition. */
function scaleOf(rows: readonly (readonly number[])[], labels: readonly number[]): number[] {
  const P = labels.filter(Boolean).length;
  const Q = labels.length - P;
  const ratios = (rows[0] ?? []).map((_, f) => {
    const holding = labels.filter((_, n) => rows[n]![f] !== 0);
    const p = holding.filter(Boolean).length;
    const q = holding.length - p;
    if (holding.length === 0) return 0;
    return Math.sqrt(Math.abs(Math.log((((p + 1) / (P + 2)) * (Q + 2)) / (q + 1))));
  });
  const norm = (of: (x: number, f: number) => number) =>
    rows.flatMap((row) => row.map((x, f) => of(x, f) ** 2)).reduce((a, b) => a + b, 0);
  const scaled = norm((x, f) => x * ratios[f]!);
  const factor = scaled > 0 ? Math.sqrt(norm((x) => x) / scaled) : 1;
  return ratios.map((r) => r * factor);
}

interface Problem {
  rows: readonly (readonly number[])[];
  labels: readonly number[];
  C: number;
  rowWeights?: readonly number[];
  prior?: readonly number[];
}

/** The gradient of 1/2 |w - w_0|² + Σ c_n max(0, 1 - y_n w·x_n)², over scaled features. */
function gradientAt(
  w: readonly number[],
  { rows, labels, C, rowWeights, prior }: Problem,
  scale = scaleOf(rows, labels),
): number[] {
  const start = startOf(scale, prior);
  const gradient = w.map((x, f) => x - start[f]!);
  for (const [n, row] of rows.entries()) {
    const x = [...row.map((value, f) => value * scale[f]!), 1];
    const y = labels[n] ? 1 : -1;
    const short = Math.max(0, 1 - y * dot(w, x));
    const slope = -2 * C * (rowWeights?.[n] ?? 1) * short * y;
    for (const [f, value] of x.entries()) gradient[f]! += slope * value;
  }
  return gradient;
}

const startOf = (scale: readonly number[], prior: readonly number[] | undefined) =>
  [...scale, 1].map((s, f) => (s > 0 ? (prior?.[f] ?? 0) / s : 0));

/** The optimum by gradient descent with a safe step, slow and exact. */
function solved(problem: Problem): number[] {
  const { rows, labels, C, rowWeights, prior } = problem;
  const scale = scaleOf(rows, labels);
  const curvature = rows.reduce((sum, row, n) => {
    const squares = row.reduce((all, x, f) => all + (x * scale[f]!) ** 2, 1);
    return sum + 2 * C * (rowWeights?.[n] ?? 1) * squares;
  }, 1);
  let w = startOf(scale, prior);
  for (let step = 0; step < 100_000; step++) {
    const gradient = gradientAt(w, problem, scale);
    if (Math.hypot(...gradient) < 1e-10) break;
    w = w.map((x, f) => x - gradient[f]! / curvature);
  }
  return w.map((x, f) =>
    f < scale.length ? (scale[f]! > 0 ? x * scale[f]! : (prior?.[f] ?? 0)) : x,
  );
}

/** The weights over scaled features. */
const unscaled = (weights: Float32Array, scale: readonly number[]) =>
  [...weights].map((x, f) => (f === scale.length ? x : scale[f]! > 0 ? x / scale[f]! : 0));

/**
 * How far from the optimum weights may be where no row's projected gradient is above the tolerance:
 * |∇P(w)| <= Σ 2 C c_n |x_n| 0.02, and the objective is curved by 1 at least.
 */
function toleranceOf({ rows, labels, C, rowWeights }: Problem): number {
  const scale = scaleOf(rows, labels);
  return rows.reduce((sum, row, n) => {
    const norm = Math.hypot(1, ...row.map((x, f) => x * scale[f]!));
    return sum + 2 * C * (rowWeights?.[n] ?? 1) * norm * 0.02;
  }, 1e-5);
}

const differenceOf = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));

describe('fitNaiveBayesSvm', () => {
  // scikit-learn 1.9: LinearSVC(loss='squared_hinge', dual=True, tol=1e-12) on the same scaled features.
  it.each([
    [0.1, 1, [0.051542, 0.7636044, -0.1002009, 0.1444388, -0.3027528, 0.0068185, 0.0868061]],
    [0.1, 2.5, [0.069945, 0.6697181, -0.1337595, 0.1991329, -0.3878834, 0.0148766, 0.3897095]],
    [1, 1, [0.2399188, 1.5190653, -0.6043289, 0.449841, -0.878559, 0.1347801, 0.0776872]],
    [1, 2.5, [0.2101957, 1.5035109, -0.847615, 0.3473477, -1.1622142, 0.1752956, 0.4535977]],
    [3, 1, [0.2892164, 1.9551652, -1.0255398, 0.5100851, -1.0300128, 0.3557867, 0.1043009]],
    [3, 2.5, [0.2339516, 1.9095752, -1.3947353, 0.3232019, -1.3256819, 0.3893549, 0.4884838]],
  ])(
    'is what LinearSVC finds: C %d, rows with the label weighing %d',
    async (C, weight, expected) => {
      const rowWeights = LABELS.map((label) => (label ? weight : 1));
      const { weights } = await fitted(ROWS, LABELS, {
        C,
        rowWeights: Float32Array.from(rowWeights),
      });
      // A projected gradient of 0.02 leaves weights this near.
      expect(differenceOf(weights, expected)).toBeLessThan(0.03);
      const exact = solved({ rows: ROWS, labels: LABELS, C, rowWeights });
      expect(differenceOf(exact, expected)).toBeLessThan(1e-5);
    },
  );

  const arbitraryProblem = fc
    .record({ N: fc.integer({ min: 1, max: 14 }), D: fc.integer({ min: 0, max: 5 }) })
    .chain(({ N, D }) => {
      const value = fc.oneof(
        fc.constant(0),
        fc.integer({ min: 1, max: 8 }).map((x) => x / 8),
      );
      const exactly = (length: number) => ({ minLength: length, maxLength: length });
      return fc.record({
        rows: fc.array(fc.array(value, exactly(D)), exactly(N)),
        labels: fc.array(fc.constantFrom(0, 1), exactly(N)),
        C: fc.constantFrom(0.03, 0.3, 1),
        rowWeights: fc.array(fc.constantFrom(0.5, 1, 3), exactly(N)),
        prior: fc.array(fc.constantFrom(0, 0.5, -2), exactly(D + 1)),
      });
    });

  it('is near the optimum of small problems of any kind, from a prior on', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProblem, async (problem) => {
        const { rows, labels, C } = problem;
        const { weights } = await fitted(rows, labels, {
          C,
          rowWeights: Float32Array.from(problem.rowWeights),
          prior: Float32Array.from(problem.prior),
        });
        const scale = scaleOf(rows, labels);
        // A ratio of exactly 1 has a logarithm of some 1e-17 here or there: no feature then.
        fc.pre(scale.every((s) => s === 0 || s > 1e-3));
        const exact = unscaled(Float32Array.from(solved(problem)), scale);
        const tolerance = toleranceOf(problem);
        expect(differenceOf(unscaled(weights, scale), exact)).toBeLessThan(tolerance);
        const gradient = gradientAt(unscaled(weights, scale), problem, scale);
        expect(Math.hypot(...gradient)).toBeLessThan(2 * tolerance);
      }),
      { numRuns: 150 },
    );
  });

  it('stays at the prior where C is tiny, and leaves it where C is not', async () => {
    const prior = Float32Array.of(1, -2, 0.5, 0, 3, -1, 0.25);
    const still = await fitted(ROWS, LABELS, { C: 1e-7, prior });
    expect(differenceOf(still.weights, prior)).toBeLessThan(1e-4);
    const moved = await fitted(ROWS, LABELS, { C: 1, prior });
    expect(differenceOf(moved.weights, prior)).toBeGreaterThan(0.5);
    const from0 = await fitted(ROWS, LABELS, { C: 1e-7 });
    expect(differenceOf(from0.weights, new Float32Array(7))).toBeLessThan(1e-4);
  });

  it('keeps the prior of features that none of the rows has, and gives them no weight without', async () => {
    const wide = ROWS.map((row) => [...row, 0]);
    const prior = Float32Array.of(0, 0, 0, 0, 0, 0, 7, 0);
    expect((await fitted(wide, LABELS, { prior })).weights[6]).toBe(7);
    expect((await fitted(wide, LABELS)).weights[6]).toBe(0);
  });

  it('has with rows that weigh twice the optimum of rows that stand twice', async () => {
    const rowWeights = LABELS.map((_, n) => (n % 3 === 0 ? 2 : 1));
    const repeat = <T>(list: readonly T[]) =>
      list.flatMap((item, n) => (rowWeights[n] === 2 ? [item, item] : [item]));
    const problem = { rows: ROWS, labels: LABELS, C: 0.3, rowWeights };
    const repeated = { rows: repeat(ROWS), labels: repeat(LABELS), C: 0.3 };
    // Rows that stand twice count twice in the scale, too: one scale for both.
    const scale = scaleOf(ROWS, LABELS);
    const options = { C: 0.3, rowWeights: Float32Array.from(rowWeights) };
    const w = unscaled((await fitted(ROWS, LABELS, options)).weights, scale);
    const gradient = gradientAt(w, repeated, scale);
    expect(differenceOf(gradientAt(w, problem, scale), gradient)).toBeLessThan(1e-9);
    expect(Math.hypot(...gradient)).toBeLessThan(0.1);
    // The optimum of rows without weights is elsewhere.
    const plain = { rows: ROWS, labels: LABELS, C: 0.3 };
    expect(Math.hypot(...gradientAt(w, plain, scale))).toBeGreaterThan(0.5);
  });

  it('does not stop where violations are all large and alike', async () => {
    // One text under both labels: after a pass, both rows are off by the same.
    const problem = { rows: [[0], [0]], labels: [1, 0], C: 1, rowWeights: [1, 3] };
    const rowWeights = Float32Array.from(problem.rowWeights);
    for (let seed = 1; seed <= 8; seed++) {
      const { weights } = await fitted(problem.rows, problem.labels, { rowWeights, seed });
      expect(differenceOf(weights, solved(problem))).toBeLessThan(0.03);
    }
  });

  it('learns from the rows it is given alone', async () => {
    const rows = Int32Array.of(20, 0, 3, 8, 12, 17, 5);
    const { weights } = await fitted(ROWS, LABELS, { rows });
    const picked = Array.from(rows, (row) => ROWS[row]!);
    const exact = solved({ rows: picked, labels: Array.from(rows, (row) => LABELS[row]!), C: 1 });
    expect(differenceOf(weights, exact)).toBeLessThan(0.03);
    expect([...rows]).toEqual([20, 0, 3, 8, 12, 17, 5]);
  });

  it('gives the same bits for the same seed, and about the same weights for another', async () => {
    const bits = async (seed: number) => (await fitted(ROWS, LABELS, { seed, C: 3 })).weights;
    expect(await bits(5)).toEqual(await bits(5));
    expect(await bits(6)).not.toEqual(await bits(5));
    expect(differenceOf(await bits(6), await bits(5))).toBeLessThan(0.06);
  });

  it('takes few passes, and lets others have a turn before each', async () => {
    let turns = 0;
    const breathe = async () => void turns++;
    const { passes } = await fitted(ROWS, LABELS, { breathe });
    expect(passes).toBe(turns);
    expect(passes).toBeGreaterThan(1);
    expect(passes).toBeLessThan(60);
    const stop = async () => {
      throw new Error('enough');
    };
    await expect(fitted(ROWS, LABELS, { breathe: stop })).rejects.toThrow('enough');
  });

  it.each([
    [
      'all rows with the label',
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      [1, 1, 1],
    ],
    [
      'no row with it',
      [
        [1, 0],
        [0, 1],
        [1, 1],
      ],
      [0, 0, 0],
    ],
    ['one row', [[1, 0]], [1]],
    [
      'rows without features',
      [
        [0, 0],
        [0, 0],
      ],
      [1, 0],
    ],
    [
      'some without',
      [
        [0, 0],
        [1, 0],
        [0, 0],
      ],
      [1, 0, 0],
    ],
    ['no features there are', [[], []], [1, 0]],
    ['no rows', [], []],
  ])('has finite weights near the optimum for %s', async (_, rows, labels) => {
    const { weights } = await fitted(rows, labels);
    expect(weights).toHaveLength((rows[0]?.length ?? 0) + 1);
    const exact = solved({ rows, labels, C: 1 });
    expect(differenceOf(weights, exact)).toBeLessThan(0.03);
  });
});
