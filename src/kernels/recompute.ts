import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { backpropagate, type Gradient } from './backpropagate.ts';
import { isRecording } from './kernelDefinition.ts';
import { recordTape, release, type Tape } from './recordTape.ts';

/** Tensors by name; some may be absent. */
export type NamedInputs = Record<string, tf.Tensor | undefined>;
export type Outputs = tf.Tensor | tf.Tensor[];

/**
 * compute(inputs), of which only the inputs are kept for the gradient: the backward pass runs
 * `compute` again to have the rest. It costs the time of one more forward pass.
 *
 * Gradients flow to the inputs and to every other tensor that `compute` uses, variables above all.
 * Those others must be alive in the backward pass: what a `tf.tidy` around frees before is to be an
 * input. There is a first derivative only.
 *
 * @param compute not async. Run again it must give the same, with the seeds of before.
 * @param inputs what to keep, by name. Types other than float32 have no gradient.
 * @returns what `compute` returns.
 * @throws AnyformerError in the backward pass: `INVALID_ARGUMENT` for a tensor that is gone by then,
 *   `UNSUPPORTED` for a second derivative.
 *
 * @example
 * const y = recompute(({ x }) => tf.tanh(tf.matMul(x, weights)), { x });
 *
 * Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016); as
 * `torch.utils.checkpoint` with `use_reentrant=False`.
 */
export function recompute<I extends NamedInputs, O extends Outputs>(
  compute: (inputs: I) => O,
  inputs: I,
): O {
  if (!isRecording()) return tf.tidy(() => compute(inputs));
  const saved: tf.Tensor[] = [];
  const kept = { ...inputs };
  for (const [name, x] of Object.entries(inputs)) {
    if (x === undefined) continue;
    // The clone is on the tape around: what flows to it flows to the input.
    const clone = tf.keep(tf.clone(x));
    saved.push(clone);
    Object.assign(kept, { [name]: clone });
  }
  try {
    const { result, tape } = recordTape(() => copyOf(compute(kept)));
    const outputs = listOf(result);
    const used = sourcesOf(tape, outputs);
    release(tape);
    const { state } = tf.engine();
    state.activeTape.push({
      id: state.nextTapeNodeId++,
      kernelName: 'Recompute',
      inputs: Object.fromEntries(used.entries()),
      outputs,
      saved,
      gradient: gradientOf(() => compute(kept), used),
    });
    return result;
  } catch (error) {
    tf.dispose(saved);
    throw error;
  }
}

/** Tensors of their own, where the result is an input or a variable as well. */
function copyOf<O extends Outputs>(result: O): O {
  return (Array.isArray(result) ? result.map((y) => tf.clone(y)) : tf.clone(result)) as O;
}

function listOf(result: Outputs): tf.Tensor[] {
  return Array.isArray(result) ? result : [result];
}

/** The tensors that outputs were made from and that were there before the tape. */
function sourcesOf(tape: Tape, outputs: readonly tf.Tensor[]): tf.Tensor[] {
  const needed = new Map(outputs.map((y) => [y.id, y]));
  for (const node of [...tape].reverse()) {
    if (!node.outputs.some(({ id }) => needed.has(id))) continue;
    for (const { id } of node.outputs) needed.delete(id);
    for (const x of Object.values(node.inputs)) needed.set(x.id, x);
  }
  // A constant that was made on the way is freed by now.
  return [...needed.values()].filter((x) => !x.isDisposed);
}

/** Runs `compute` again, and back over it to the tensors it used. */
function gradientOf(compute: () => Outputs, used: readonly tf.Tensor[]): Gradient {
  const floats = () => [...used.keys()].filter((i) => used[i]!.dtype === 'float32').map(String);
  return (dys, wanted = floats()) => {
    if (tf.engine().state.gradientDepth > 0) throw noSecondDerivative();
    for (const x of used) if (x.isDisposed) throw gone(x);
    const { result, tape } = recordTape(() => copyOf(compute()));
    const outputs = listOf(result);
    tf.dispose(outputs);
    const known = outputs.flatMap((y, i) => (dys[i] ? [[y, dys[i]] as const] : []));
    const xs = wanted.map((name) => used[Number(name)]!);
    const dxs = backpropagate(tape, known, xs);
    return Object.fromEntries(
      wanted.map((name, i) => [name, () => dxs[i] ?? tf.zerosLike(xs[i]!)]),
    );
  };
}

function gone({ shape }: tf.Tensor): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `recompute: a tensor of shape (${shape.join(', ')}) that the function used was freed before the ` +
      'backward pass, which needs it again; pass it as one of the inputs.',
  );
}

function noSecondDerivative(): AnyformerError {
  return new AnyformerError(
    'UNSUPPORTED',
    'recompute has a first derivative only, and a second one was asked for; compute it without recompute.',
  );
}
