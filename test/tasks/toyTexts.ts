import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { AnyformerError, type ErrorCode } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { TextExample } from '../../src/data/labels.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { TextClassifierOptions } from '../../src/tasks/classifierOptions.ts';

const FILLER = ['a', 'day', 'in', 'the', 'town', 'with', 'friends', 'and', 'music', 'again'];
const TELLING: Record<string, readonly string[]> = {
  cold: ['snow', 'ice', 'frost'],
  warm: ['sun', 'beach', 'heat'],
  wet: ['rain', 'flood', 'clouds'],
};

/** Texts of 2 to 12 words, of which one or two tell the label. */
export function toyTexts(
  count: number,
  labels: readonly string[] = ['cold', 'warm'],
  seed = 1,
): { text: string; label: string }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, n) => {
    const label = labels[n % labels.length]!;
    return { text: sentence(random, [label]), label };
  });
}

/** The same with any of three labels, or none, in each text. */
export function toyMultiLabelTexts(count: number, seed = 1): { text: string; label: string[] }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, n) => {
    const label = Object.keys(TELLING).filter((_, bit) => (n >> bit) & 1);
    return { text: sentence(random, label), label };
  });
}

function sentence(random: Random, labels: readonly string[]): string {
  const pick = (words: readonly string[]) => words[random.below(words.length)]!;
  const words = Array.from({ length: 2 + random.below(9) }, () => pick(FILLER));
  for (const label of labels) words.splice(random.below(words.length), 0, pick(TELLING[label]!));
  return words.join(' ');
}

/** A classifier that learns the toy texts in a tenth of a second. */
export const TINY = {
  maxLength: 16,
  tokenizer: { type: 'wordpiece', vocabSize: 120 },
  encoder: {
    type: 'transformer',
    hiddenSize: 16,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 16,
    dropout: 0.1,
  },
  seed: 1,
} as const satisfies TextClassifierOptions;

/** All rows are learned from, and none held out. */
export const FIT = {
  validationSplit: 0,
  epochs: 6,
  batchSize: 16,
  learningRate: 1e-2,
  lrSchedulerType: 'constant',
} as const;

/** Tensors alive and their bytes. */
export async function aliveNow(): Promise<{ tensors: number; bytes: number }> {
  const { tensors, tensorBytes } = (await createEngine()).info();
  expect(tf.memory().numTensors).toBe(tensors);
  return { tensors, bytes: tensorBytes };
}

/** What a call is refused with, all of which must be an AnyformerError. */
export async function refusalOf(run: () => unknown): Promise<AnyformerError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof AnyformerError) return error;
    throw error;
  }
  return expect.fail('nothing was refused');
}

export async function expectRefusal(
  run: () => unknown,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  const error = await refusalOf(run);
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(message),
  });
}

export const textsOf = (examples: readonly TextExample[]) => examples.map(({ text }) => text);
