import * as tf from '@tensorflow/tfjs-core';
import { type Compute, newKernel } from '../kernelDefinition.ts';

/** One complex signal; in float64, so that the many sums cost no digits. */
class Signal {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;

  constructor(readonly length: number) {
    this.real = new Float64Array(length);
    this.imaginary = new Float64Array(length);
  }
}

/**
 * X[k] = sum over n of x[n] e^(-2 pi i k n / N) over the last axis of a complex64 tensor, of any
 * length in N log N steps. The inverse has the other sign and a factor of 1 / N.
 */
const transform =
  (isInverse: boolean): Compute<{ input: tf.TensorInfo }, object> =>
  ({ inputs, backend }) => {
    const { input } = inputs;
    const y = backend.output(input.shape, 'complex64');
    const from = backend.typedArrayFromHeap(input);
    const to = backend.typedArrayFromHeap(y);
    const length = input.shape.at(-1) ?? 1;
    // Swapping the parts turns one direction into the other.
    const [first, second] = isInverse ? [1, 0] : [0, 1];
    const scale = isInverse ? 1 / length : 1;
    for (let start = 0; start < from.length; start += 2 * length) {
      const signal = new Signal(length);
      for (let i = 0; i < length; i++) {
        signal.real[i] = from[start + 2 * i + first]!;
        signal.imaginary[i] = from[start + 2 * i + second]!;
      }
      const spectrum = fourier(signal);
      for (let i = 0; i < length; i++) {
        to[start + 2 * i + first] = spectrum.real[i]! * scale;
        to[start + 2 * i + second] = spectrum.imaginary[i]! * scale;
      }
    }
    return y;
  };

function fourier(signal: Signal): Signal {
  const isPowerOfTwo = (signal.length & (signal.length - 1)) === 0;
  return isPowerOfTwo ? radix2(signal) : bluestein(signal);
}

/** Cooley and Tukey's algorithm, iterative, in place. */
function radix2(signal: Signal): Signal {
  const { real, imaginary, length } = signal;
  reverseBits(signal);
  for (let half = 1; half < length; half *= 2) {
    for (let k = 0; k < half; k++) {
      const angle = (-Math.PI * k) / half;
      const cosine = Math.cos(angle);
      const sine = Math.sin(angle);
      for (let i = k; i < length; i += 2 * half) {
        const j = i + half;
        const a = real[j]! * cosine - imaginary[j]! * sine;
        const b = real[j]! * sine + imaginary[j]! * cosine;
        real[j] = real[i]! - a;
        imaginary[j] = imaginary[i]! - b;
        real[i]! += a;
        imaginary[i]! += b;
      }
    }
  }
  return signal;
}

function reverseBits({ real, imaginary, length }: Signal): void {
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
}

/**
 * Any length: k n = (k^2 + n^2 - (k - n)^2) / 2 makes the sum a convolution with a chirp.
 * Source: Bluestein, "A linear filtering approach to the computation of discrete Fourier
 * transform" (1970).
 */
function bluestein(signal: Signal): Signal {
  const { length } = signal;
  const size = 2 ** Math.ceil(Math.log2(2 * length - 1));
  const chirp = new Signal(length);
  for (let i = 0; i < length; i++) {
    // i^2 modulo the period keeps the angle small, and exact for long signals.
    const angle = (-Math.PI * ((i * i) % (2 * length))) / length;
    chirp.real[i] = Math.cos(angle);
    chirp.imaginary[i] = Math.sin(angle);
  }
  const a = new Signal(size);
  multiply(signal, chirp, a, length);
  const b = new Signal(size);
  for (let i = 0; i < length; i++) {
    const mirror = (size - i) % size;
    b.real[i] = b.real[mirror] = chirp.real[i]!;
    b.imaginary[i] = b.imaginary[mirror] = -chirp.imaginary[i]!;
  }
  radix2(a);
  radix2(b);
  multiply(a, b, a, size);
  // Back again: swapping the parts before and after turns radix2 into its inverse, times size.
  const swapped = radix2(swap(a));
  const convolved = new Signal(length);
  for (let i = 0; i < length; i++) {
    convolved.real[i] = swapped.imaginary[i]! / size;
    convolved.imaginary[i] = swapped.real[i]! / size;
  }
  multiply(convolved, chirp, convolved, length);
  return convolved;
}

function swap({ real, imaginary, length }: Signal): Signal {
  const swapped = new Signal(length);
  swapped.real.set(imaginary);
  swapped.imaginary.set(real);
  return swapped;
}

/** out[i] = a[i] b[i]; out may be a or b. */
function multiply(a: Signal, b: Signal, out: Signal, length: number): void {
  for (let i = 0; i < length; i++) {
    const real = a.real[i]! * b.real[i]! - a.imaginary[i]! * b.imaginary[i]!;
    out.imaginary[i] = a.real[i]! * b.imaginary[i]! + a.imaginary[i]! * b.real[i]!;
    out.real[i] = real;
  }
}

export const fftKernels = [
  newKernel(tf.FFT, transform(false)),
  newKernel(tf.IFFT, transform(true)),
];
