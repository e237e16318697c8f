import type { ActivationName } from '../kernels/activationName.ts';
import type { AttendOptions } from './attend.ts';
import type { ForwardContext } from './forwardContext.ts';

/** What both parts of a Transformer block share. */
export interface BlockOptions {
  /** Rate for the output of each part, before it is added to what came in. */
  readonly hiddenDropout: number;
  /** Added to the variance in the norms. */
  readonly epsilon: number;
  /** Norm before each part (GPT-2) rather than after the sum (the paper, BERT). */
  readonly normalizeFirst: boolean;
}

export interface AttentionBlockOptions extends BlockOptions, AttendOptions {}

export interface FeedForwardBlockOptions extends BlockOptions, ForwardContext {
  readonly activation: ActivationName;
  /** Rate after the activation. Default: 0. */
  readonly activationDropout?: number;
}
