/** Why a text ended: an end token, `maxNewTokens`, or a stop string or criterion. */
export type FinishReason = 'eos' | 'length' | 'stop';

/** What was generated after a prompt. */
export interface GeneratedSequence {
  /** Without the prompt; the end token, where there is one, is the last. */
  readonly tokenIds: readonly number[];
  readonly finishReason: FinishReason;
  /**
   * Of each token: its log-probability by the model alone, before processors and temperature.
   */
  readonly logProbs: readonly number[];
  /** What beams are compared by; elsewhere the sum of `logProbs`. */
  readonly score: number;
}
