import { createEngine } from '../kernels/createEngine.ts';
import { boolean, numberOrAuto, type Values } from './options.ts';

export const engineFlags = {
  threads: numberOrAuto('Threads to compute with; they do not change the results. Default: auto'),
  relaxed: boolean(
    'Use relaxed SIMD, which is faster; --no-relaxed gives the same bits on every machine. Default: true where there is relaxed SIMD',
  ),
};

/** Starts the engine with the options of the command line. */
export const startEngine = ({ threads, relaxed }: Values<typeof engineFlags>) =>
  createEngine({
    ...(threads !== undefined && { threads }),
    ...(relaxed !== undefined && { relaxed }),
  });
