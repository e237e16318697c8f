import * as fc from 'fast-check';
import { type DecoderCase, DecoderInMemory, shapeOf, type Token } from './decoderCase.ts';
import { type GuardedMemory, runSplit } from './guardedMemory.ts';
import type { DecoderNumbers } from './reference/decoder.ts';

/** Units of each phase, in the order of the phases: `layer` marks those of the layers. */
export function phases({ units, shape, hasSource }: DecoderInMemory, rows: number) {
  const { fused, width, inner, vocabulary, heads, queries } = units;
  const toSource = [rows, queries * shape.headDim, rows * queries, width];
  const ofLayer = [rows, fused, rows, rows * heads, width, ...toSource, rows, inner, width];
  const layers = Array.from({ length: shape.layerCount }, (_, layer) =>
    ofLayer
      .map((count, i) => ({ phase: 1 + i, layer, count }))
      .filter(({ phase }) => hasSource || phase < 6 || phase > 9),
  );
  return [
    { phase: 0, layer: 0, count: rows },
    ...layers.flat(),
    { phase: 13, layer: 0, count: rows },
    { phase: 14, layer: 0, count: vocabulary },
  ];
}

/** Sequences in slots of their own; each call appends tokens to some of them. */
export interface Calls {
  readonly sequences: readonly (readonly number[])[];
  /** Tokens of each sequence that the first call takes; the others come one by one. */
  readonly prompts: readonly number[];
}

export function tokensOf(
  { sequences }: Calls,
  from: readonly number[],
  to: readonly number[],
  slots: readonly number[],
): Token[] {
  let target = 0;
  return sequences.flatMap((ids, row) =>
    ids.slice(from[row], to[row]).map((id, i) => {
      const place = from[row]! + i;
      const isLast = place === to[row]! - 1;
      return { id, place, slot: slots[row]!, target: isLast ? target++ : -1, source: slots[row]! };
    }),
  );
}

/** Runs the calls in phases, which may be split, and gives the logits of the last call. */
export function decode(
  guarded: GuardedMemory,
  fractions: readonly number[],
  c: DecoderCase,
  weights: DecoderNumbers,
  calls: Calls,
): Float32Array {
  const shape = shapeOf(c);
  const rows = calls.sequences.flat().length;
  const slots = calls.sequences.map((_, row) => calls.sequences.length - 1 - row);
  const [logits] = runSplit(guarded, fractions, (memory, parts) => {
    const run = new DecoderInMemory(memory, shape, weights, c.activation, rows, slots.length);
    const each = (tokens: Token[], isPrompt: boolean) => {
      run.prepare(tokens, isPrompt);
      for (const { phase, layer, count } of phases(run, tokens.length)) {
        for (const [begin, end] of parts(count)) {
          memory.kernels.f32_decode_phase!(
            ...[run.model, run.step, phase, layer, run.scratch, begin, end],
          );
        }
      }
    };
    let held = calls.prompts;
    each(tokensOf(calls, held.map(() => 0), held, slots), true); // biome-ignore format: short
    while (calls.sequences.some((ids, row) => held[row]! < ids.length)) {
      const next = held.map((n, row) => Math.min(n + 1, calls.sequences[row]!.length));
      each(tokensOf(calls, held, next, slots), false);
      held = next;
    }
    return [memory.readF32(run.logits, slots.length * shape.vocabulary)] as const;
  });
  return logits;
}

/** Sequences of one length more than their prompts or, all alike, as long as they are. */
export const anyCalls: fc.Arbitrary<{ prompts: number[]; steps: number }> = fc.record({
  prompts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  steps: fc.integer({ min: 0, max: 3 }),
});

export const callsOf = (
  vocabulary: number,
  { prompts, steps }: { prompts: number[]; steps: number },
) => ({
  prompts,
  sequences: prompts.map((n, row) =>
    Array.from({ length: n + steps }, (_, i) => (5 * i + 3 * row + 1) % vocabulary),
  ),
});
