import { beamSearch } from './beamSearch.ts';
import type { Decoding } from './decoding.ts';
import type { GeneratedSequence } from './generatedSequence.ts';
import { sampleSearch } from './sampleSearch.ts';
import type { SearchContext } from './searchContext.ts';

/**
 * What the options ask for after each prompt.
 *
 * @param decoding with room for prompts x max(numBeams, numReturnSequences) rows.
 * @returns for each prompt its `numReturnSequences` sequences.
 */
export async function generateTokens(
  decoding: Decoding,
  prompts: readonly (readonly number[])[],
  context: SearchContext,
): Promise<GeneratedSequence[][]> {
  const { numBeams, numReturnSequences } = context.options;
  if (numBeams > 1) return beamSearch(decoding, prompts, context);
  const found: GeneratedSequence[] = [];
  for await (const { row, sequence } of sampleSearch(decoding, prompts, context)) {
    if (sequence) found[row] = sequence;
  }
  return prompts.map((_, prompt) => {
    const first = prompt * numReturnSequences;
    return found.slice(first, first + numReturnSequences);
  });
}

/** How many rows of a cache that takes. */
export function rowsOf(
  prompts: number,
  {
    numBeams,
    numReturnSequences,
  }: Pick<SearchContext['options'], 'numBeams' | 'numReturnSequences'>,
): number {
  return prompts * Math.max(numBeams, numBeams > 1 ? 1 : numReturnSequences);
}
