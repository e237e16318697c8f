import * as fc from 'fast-check';
import { anyCalls, callsOf, decode, tokensOf } from '../../wasm/decodeKernel.ts';
import {
  anyDecoderCase,
  type DecoderCase,
  DecoderInMemory,
  numbersOf,
  shapeOf,
} from '../../wasm/decoderCase.ts';
import type { GuardedMemory } from '../../wasm/guardedMemory.ts';
import { decoder } from '../../wasm/reference/decoder.ts';
import { type FuzzedKernel, fuzzed, size } from './fuzzedKernel.ts';

/** Decoders of every kind with widths at the edges of vectors. */
const anyCase = fc
  .tuple(anyDecoderCase, size(1, 65), size(1, 33), size(1, 97), size(1, 129))
  .map(([c, width, headDim, intermediate, vocabulary]): DecoderCase => {
    return { ...c, width, headDim, intermediate, vocabulary };
  });

type Case = [DecoderCase, { prompts: number[]; steps: number }];

const calls = ([c, some]: Case) => callsOf(c.vocabulary, some);

/** @param sourceOf which source a sequence attends to. */
const logitsOf = ([c, some]: Case, sourceOf: (row: number, rows: number) => number) =>
  calls([c, some]).sequences.flatMap((ids, row, { length }) =>
    decoder(shapeOf(c), numbersOf(c), ids, sourceOf(row, length)),
  );
const ownSource = (row: number) => row;
const lastSourceFirst = (row: number, rows: number) => rows - 1 - row;

/** Errors grow with the numbers that the layers pass on. */
const tolerances = (c: Case) => {
  const size = Math.max(1, ...logitsOf(c, ownSource).map(Math.abs));
  return [{ relative: 0, absolute: 5e-5 * size }];
};

/** Whole sequences in one call. */
function decodeAtOnce(memory: GuardedMemory, isPrompt: boolean, [c, some]: Case): Float32Array {
  memory.reset();
  const { sequences, prompts } = calls([c, some]);
  const rows = sequences.flat().length;
  const shape = shapeOf(c);
  const run = new DecoderInMemory(
    memory,
    shape,
    numbersOf(c),
    c.activation,
    rows,
    sequences.length,
  );
  const none = prompts.map(() => 0);
  const lengths = sequences.map(({ length }) => length);
  run.prepare(tokensOf({ sequences, prompts }, none, lengths, [...none.keys()]), isPrompt);
  memory.kernels.f32_decode!(run.model, run.step, run.scratch, 0, 1);
  memory.expectGuards();
  return memory.readF32(run.logits, sequences.length * shape.vocabulary).slice();
}

export const decodingRows: readonly FuzzedKernel[] = [
  fuzzed('f32_decode_phase', {
    any: fc.tuple(anyCase, anyCalls),
    run: (memory, split, [c, some]) => [decode(memory, split, c, numbersOf(c), calls([c, some]))],
    reference: (c) => [logitsOf(c, lastSourceFirst)],
    tolerances,
  }),
  fuzzed('f32_decode', {
    any: fc.tuple(anyCase, anyCalls, fc.boolean()),
    run: (memory, _, [c, some, isPrompt]) => [decodeAtOnce(memory, isPrompt, [c, some])],
    reference: ([c, some]) => [logitsOf([c, some], ownSource)],
    tolerances: ([c, some]) => tolerances([c, some]),
  }),
];
