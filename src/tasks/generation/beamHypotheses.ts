import type { FinishReason, GeneratedSequence } from './generatedSequence.ts';
import type { ParsedGeneration } from './generationOptions.ts';

/** The finished beams of a prompt: the `numBeams` best of them. */
export class BeamHypotheses {
  readonly #kept: GeneratedSequence[] = [];
  #isDone = false;

  constructor(
    private readonly options: Pick<
      ParsedGeneration,
      'numBeams' | 'lengthPenalty' | 'earlyStopping' | 'maxNewTokens'
    >,
  ) {}

  /** Whether looking on is given up. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** @param sum of the log-probabilities that the beam was followed by. */
  add(
    tokenIds: readonly number[],
    finishReason: FinishReason,
    logProbs: readonly number[],
    sum: number,
  ): void {
    const score = this.#score(sum, tokenIds.length);
    const { numBeams } = this.options;
    if (this.#kept.length === numBeams && score <= this.#worst()) return;
    this.#kept.push({ tokenIds, finishReason, logProbs, score });
    // Equals stay in the order in which they were found.
    this.#kept.sort((a, b) => b.score - a.score);
    if (this.#kept.length > numBeams) this.#kept.pop();
  }

  /**
   * Decides whether to look on.
   *
   * @param sum of the best beam that is still followed. @param length of beams after the prompt.
   */
  close(sum: number, length: number): void {
    const { numBeams, earlyStopping, lengthPenalty, maxNewTokens } = this.options;
    if (this.#isDone || this.#kept.length < numBeams) return;
    // With 'never', a beam could still grow to where a penalty above 0 favours it most.
    const reached = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : length;
    this.#isDone = earlyStopping === true || this.#worst() >= this.#score(sum, reached);
  }

  best(count: number): GeneratedSequence[] {
    return this.#kept.slice(0, count);
  }

  #score(sum: number, length: number): number {
    return sum / length ** this.options.lengthPenalty;
  }

  #worst(): number {
    return this.#kept.at(-1)?.score ?? -Infinity;
  }
}
