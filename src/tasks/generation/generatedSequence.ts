/** Why a text ended: 'eos' = an end token, 'length' = `maxNewTokens`, 'stop' = a stop string or criterion. */
export type FinishReason = 'eos' | 'length' | 'stop';

/** The tokens generated for a prompt. */
export interface GeneratedSequence {
  /** The generated token ids, without the prompt. An end token, if any, is the last. */
  readonly tokenIds: readonly number[];
  /** Why the text ended. */
  readonly finishReason: FinishReason;
  /**
   * The log-probability of each token from the model alone, before processors and temperature.
   */
  readonly logProbs: readonly number[];
  /** The score that beams are compared by; without beams the sum of `logProbs`. */
  readonly score: number;
}
