import * as tf from '@tensorflow/tfjs-core';
import type { MakeCase } from './kernelCases.ts';
import { RandomTensors } from './tensors.ts';

/** Numbers at the ends of float32 and beyond, by name. */
export const specials: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
  'a denormal': 1e-40,
  '1e30': 1e30,
  '-1e30': -1e30,
  '1e38': 1e38,
  '-1e38': -1e38,
};

/** One run of an operation with a special number in one of its inputs. */
export interface Contamination {
  readonly seed: number;
  readonly sizes: readonly [number, number, number];
  /** A name of {@link specials}. */
  readonly special: string;
  /** Which input, counted round; behind the last one stands the gradient of the output. */
  readonly input: number;
  /** Where in it, as fractions of its length. */
  readonly places: readonly number[];
}

/** What our operation does otherwise than tfjs; wasm/README.md says why. */
export interface Differences {
  /** Skips what tfjs multiplies by zero: in its gradients only, or in its output as well. */
  readonly skips?: 'gradients' | 'everything';
  /** Its gradient goes to other places than that of tfjs where inputs are special. */
  readonly ownGradient?: boolean;
  /** A special number with a meaning of its own in one of the inputs, which is not compared. */
  readonly meaning?: { readonly special: string; readonly input: number };
}

/** The output, then the gradients. */
type Results = readonly Float32Array[];

async function evaluate(
  backend: 'wasm' | 'cpu',
  make: MakeCase,
  { seed, sizes, input, places }: Contamination,
  special: number,
): Promise<Results> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const { inputs, run, composed, hasGradient = true } = make(new RandomTensors(seed), sizes);
    const compute = backend === 'cpu' ? composed : run;
    const { shape } = compute(...inputs);
    const all = [...inputs, new RandomTensors(seed + 1).symmetric(shape)];
    const target = input % (hasGradient ? all.length : inputs.length);
    const values = all[target]!.dataSync().slice() as Float32Array;
    for (const place of places) values[Math.floor(place * values.length)] = special;
    all[target] = tf.tensor(values, all[target]!.shape);
    const dy = all.pop()!;
    const gradients = hasGradient ? tf.grads((...x) => compute(...x))(all, dy) : [];
    return [compute(...all), ...gradients].map((x) => x.dataSync().slice() as Float32Array);
  });
}

/** What stands for NaN or an infinity in a run without any. */
const standIn = (special: number) => (Number.isNaN(special) ? 0 : Math.sign(special) * 1e30);

/**
 * Runs an operation on our backend, and what it is composed of on tfjs's cpu backend, with the same
 * special numbers: NaN and the infinities have to come out at the same places, and the other numbers
 * have to agree. A gradient is a sum of several terms there and of others here, so a NaN and an
 * Infinity are alike in it, and where huge numbers go in, their terms may leave float32.
 *
 * @throws Error naming the first number that differs.
 */
export async function expectAsOnCpu(
  make: MakeCase,
  contamination: Contamination,
  differences: Differences = {},
): Promise<void> {
  const special = specials[contamination.special]!;
  const actual = await evaluate('wasm', make, contamination, special);
  const expected = await evaluate('cpu', make, contamination, special);
  const isSkipping = differences.skips && !Number.isFinite(special);
  const clean = isSkipping && (await evaluate('cpu', make, contamination, standIn(special)));
  // There are as many results as inputs, dy among them.
  const input = contamination.input % actual.length;
  const { meaning } = differences;
  if (meaning?.special === contamination.special && meaning.input === input) return;
  const isOfInput = input < actual.length - 1;
  const compared = differences.ownGradient && isOfInput ? 1 : actual.length;
  for (let part = 0; part < compared; part++) {
    const name = part === 0 ? 'the output' : `gradient ${part - 1}`;
    const isClean = part === 0 ? differences.skips === 'everything' : true;
    const skipped = clean && isClean ? clean[part] : undefined;
    for (const [i, a] of actual[part]!.entries()) {
      const e = expected[part]![i]!;
      const judge = part === 0 && !skipped ? isAlike : isAlikeInGradient;
      if (judge(a, e, special) || isSkipped(a, e, skipped?.[i])) continue;
      throw new Error(`number ${i} of ${name} is ${a}, on cpu ${e}`);
    }
  }
}

const isClose = (a: number, e: number, scale: number) =>
  Math.abs(a - e) <= 1e-4 * Math.max(scale, Math.abs(e));

/** What a special number's size is, where it is a number. */
const sizeOf = (special: number) => (Number.isFinite(special) ? Math.abs(special) : 0);

function isAlike(a: number, e: number, special: number): boolean {
  const size = sizeOf(special);
  // A number that a huge one is in may be what is left of it.
  const isOfSpecial = Math.abs(e) > 1e-9 * size;
  return Object.is(a, e) || isClose(a, e, isOfSpecial ? Math.max(1e-2 * size, 1) : 1);
}

function isAlikeInGradient(a: number, e: number, special: number): boolean {
  const size = sizeOf(special);
  const isHuge = size > 1;
  if (Number.isFinite(a))
    return isClose(a, e, Math.max(size, 1)) || (isHuge && !Number.isFinite(e));
  // At the very end of float32 the terms of ours leave it too.
  if (Number.isFinite(e)) return size === 1e38;
  return a !== -e;
}

/** Whether a number is what it would be without the special one, where that spoils it on cpu. */
function isSkipped(a: number, e: number, clean: number | undefined): boolean {
  return clean !== undefined && !Number.isFinite(e) && isClose(a, clean, 1);
}
