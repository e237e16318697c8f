import { createEngine } from '../kernels/createEngine.ts';
import { boolean, numberOrAuto, type Values } from './options.ts';

export const engineFlags = {
  threads: numberOrAuto('Threads to compute with; no bit depends on them. Default: auto'),
  relaxed: boolean('Relaxed SIMD where there is some; --no-relaxed for the same bits everywhere'),
};

/** Starts the engine with the options of the command line. */
export const startEngine = ({ threads, relaxed }: Values<typeof engineFlags>) =>
  createEngine({
    ...(threads !== undefined && { threads }),
    ...(relaxed !== undefined && { relaxed }),
  });
