import * as tf from '@tensorflow/tfjs-core';

/** The operations that tfjs recorded, in the order they ran, each with what its gradient needs. */
export type Tape = ReturnType<typeof tf.engine>['state']['activeTape'];
export type TapeNode = Tape[number];

/**
 * Runs `compute` and records its operations on a tape of its own. Of the tensors it makes stay the
 * result and what the tape saves, which is for `backpropagate` or {@link release} to free.
 *
 * @param compute not async.
 *
 * @example
 * const { result: loss, tape } = recordTape(() => tf.sum(tf.square(weights)));
 * const [gradient] = backpropagate(tape, [[loss, tf.scalar(1)]], [weights]);
 */
export function recordTape<T extends tf.TensorContainer>(
  compute: () => T,
): { result: T; tape: Tape } {
  const { state } = tf.engine();
  const outer = state.activeTape;
  const tape: Tape = [];
  state.activeTape = tape;
  state.gradientDepth++;
  try {
    return { result: tf.tidy(compute), tape };
  } catch (error) {
    release(tape);
    throw error;
  } finally {
    state.gradientDepth--;
    state.activeTape = outer;
  }
}

/** Frees what operations saved for their gradients. */
export function release(nodes: readonly TapeNode[]): void {
  for (const { saved } of nodes) {
    if (saved) tf.dispose(saved);
  }
}
