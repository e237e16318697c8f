import { AnyformerError, show, throwIfAborted } from '../../core/errors.ts';
import { ProgressClock, yieldToEventLoop } from '../../core/progress.ts';
import type { FinishReason } from './generatedSequence.ts';
import type { ParsedGeneration, StoppingCriterion } from './generationOptions.ts';
import { type LogitsProcessor, logSumExp, type ProcessorContext } from './logitsProcessor.ts';
import { makeProcessors } from './processors/index.ts';

/** The event loop gets a turn after so many milliseconds. */
const TURN_MS = 8;

/** A row's scores of the next token. */
export interface NextScores {
  /** After all processors. */
  readonly scores: Float32Array;
  /** The log-probability of a token by the model alone. */
  logProb(id: number): number;
}

/** What all searches have in common: processors, ends, and turns for others. */
export class SearchContext {
  readonly #processors: readonly LogitsProcessor[];
  readonly #ends: ReadonlySet<number>;
  #turn = performance.now();
  readonly #clock = new ProgressClock();
  #step = 0;

  /** @param checkAlive throws when the model is gone, as it may be after a turn of the event loop. */
  constructor(
    readonly options: ParsedGeneration,
    private readonly criteria: readonly StoppingCriterion[],
    private readonly checkAlive: () => void,
  ) {
    this.#processors = makeProcessors(options);
    this.#ends = new Set(options.eosTokenId);
  }

  /**
   * @param normalizes whether processors get log-probabilities, as beams are scored by, or logits.
   */
  nextScores(
    ids: readonly number[],
    promptLength: number,
    logits: Float32Array,
    normalizes: boolean,
  ): NextScores {
    const total = logSumExp(logits);
    if (Number.isNaN(total)) {
      throw new AnyformerError(
        'ENGINE',
        'The model gave NaN for the next token; its weights are damaged. Train or load it anew.',
      );
    }
    let scores: Float32Array = logits.slice();
    if (normalizes) for (let i = 0; i < scores.length; i++) scores[i]! -= total;
    const context: ProcessorContext = { promptLength, maxNewTokens: this.options.maxNewTokens };
    for (const process of this.#processors) scores = process(ids, scores, context) ?? scores;
    return { scores, logProb: (id) => logits[id]! - total };
  }

  /** Whether a row is finished by its last token. */
  finishOf(ids: readonly number[], promptLength: number): FinishReason | undefined {
    if (this.#ends.has(ids.at(-1)!)) return 'eos';
    for (const criterion of this.criteria) {
      const isMet: unknown = criterion(ids, { promptLength });
      if (isMet === true) return 'stop';
      // A Promise, above all, which would always count as true.
      if (isMet === false) continue;
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `A function of stoppingCriteria gave ${show(isMet)}; it has to give true or false, at once.`,
      );
    }
    return ids.length - promptLength >= this.options.maxNewTokens ? 'length' : undefined;
  }

  /** Before each token: throws after an abort, tells how far it is, gives others a turn. */
  async breathe(): Promise<void> {
    this.#report();
    throwIfAborted(this.options.signal, 'Generation');
    this.checkAlive();
    if (performance.now() - this.#turn < TURN_MS) return;
    await yieldToEventLoop();
    this.#turn = performance.now();
    throwIfAborted(this.options.signal, 'Generation');
    this.checkAlive();
  }

  #report(): void {
    const [step, totalSteps] = [this.#step++, this.options.maxNewTokens];
    if (step === 0) return;
    this.options.onProgress?.(this.#clock.progress({ phase: 'generate', step, totalSteps }));
  }
}
