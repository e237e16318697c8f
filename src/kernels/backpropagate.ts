import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { release, type Tape, type TapeNode } from './recordTape.ts';

/**
 * Gradients by the chain rule, backwards over a tape: for each operation y = f(x), dx = dy f'(x);
 * where x is used several times, the sum over its uses.
 *
 * In place of tfjs's own walk, which keeps everything to its end: an operation's saved tensors and
 * the gradient of its outputs are freed as soon as the gradients of its inputs are known.
 *
 * @param tape of `recordTape`; it is used up, whatever happens.
 * @param outputs tensors of the tape with their gradients, which stay the caller's.
 * @param xs what to differentiate by; tensors from before the tape.
 * @returns for each x its gradient, or undefined where no output depends on it; the caller's.
 * @throws AnyformerError `UNSUPPORTED` for an operation on the way that has no gradient,
 *   `INVALID_ARGUMENT` for one whose gradient does not fit its input.
 */
export function backpropagate(
  tape: Tape,
  outputs: readonly (readonly [output: tf.Tensor, dy: tf.Tensor])[],
  xs: readonly tf.Tensor[],
): (tf.Tensor | undefined)[] {
  const way = dependentNodes(tape, xs);
  try {
    return tf.tidy(() => {
      const gradients = new Gradients();
      for (const [output, dy] of outputs) gradients.add(output, tf.clone(dy));
      for (let step = way.pop(); step; step = way.pop()) {
        for (const [x, dx] of inputGradients(step, gradients)) gradients.add(x, dx);
      }
      return xs.map((x) => gradients.take(x));
    });
  } finally {
    release(way.map(({ node }) => node));
  }
}

/** A gradient function of the tape, which may be told for which inputs it is wanted. */
export type Gradient = (
  dys: tf.Tensor[],
  wanted?: readonly string[],
) => Record<string, () => tf.Tensor>;

/** An operation, and the names of those of its inputs that depend on an x. */
interface Step {
  readonly node: TapeNode;
  readonly inputs: readonly string[];
}

/** The operations whose outputs depend on an x. The others are of no use any more. */
function dependentNodes(tape: Tape, xs: readonly tf.Tensor[]): Step[] {
  const dependent = new Set(xs.map(({ id }) => id));
  const steps: Step[] = [];
  for (const node of tape.splice(0)) {
    const inputs = Object.keys(node.inputs).filter((name) => dependent.has(node.inputs[name]!.id));
    if (inputs.length > 0) {
      steps.push({ node, inputs });
      for (const output of node.outputs) dependent.add(output.id);
    } else {
      release([node]);
    }
  }
  return steps;
}

/** The gradients of one operation's inputs. Frees what only they needed. */
function inputGradients({ node, inputs }: Step, gradients: Gradients): [tf.Tensor, tf.Tensor][] {
  const dys = node.outputs.map((output) => gradients.take(output));
  try {
    if (dys.every((dy) => dy === undefined)) return [];
    const dxs = tf.tidy(() => {
      const functions = gradientOf(node)(dys as tf.Tensor[], inputs);
      return inputs.map((name) => {
        const dx = tf.tidy(functions[name] ?? refuse(node, name));
        checkGradient(node, name, dx);
        // It may be dy, a saved tensor or another input's: then it must outlive that.
        return tf.clone(dx);
      });
    });
    return dxs.map((dx, i) => [node.inputs[inputs[i]!]!, dx]);
  } finally {
    release([node]);
    for (const dy of dys) dy?.dispose();
  }
}

function gradientOf(node: TapeNode): Gradient {
  return node.gradient ?? refuse(node);
}

function refuse({ kernelName }: TapeNode, input?: string): never {
  const by = input === undefined ? '' : ` by its input '${input}'`;
  throw new AnyformerError(
    'UNSUPPORTED',
    `The operation '${kernelName}' has no gradient${by}, so nothing before it can be trained; leave ` +
      "it out of the loss, or register one with tfjs's registerGradient.",
  );
}

function checkGradient({ kernelName, inputs }: TapeNode, name: string, dx: tf.Tensor): void {
  const { shape } = inputs[name]!;
  if (dx.dtype === 'float32' && tf.util.arraysEqual(dx.shape, shape)) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `The gradient of the operation '${kernelName}' by its input '${name}' is ${dx.dtype} of shape ` +
      `(${dx.shape.join(', ')}); it must be float32 of the input's shape (${shape.join(', ')}).`,
  );
}

/** The gradients that are known so far and not used yet, by tensor. */
class Gradients {
  readonly #byId = new Map<number, tf.Tensor>();

  /** Takes over one use's gradient. */
  add({ id }: tf.Tensor, dx: tf.Tensor): void {
    const sum = this.#byId.get(id);
    this.#byId.set(id, sum ? tf.add(sum, dx) : dx);
    if (sum) tf.dispose([sum, dx]);
  }

  /** Hands over the sum. */
  take({ id }: tf.Tensor): tf.Tensor | undefined {
    const sum = this.#byId.get(id);
    this.#byId.delete(id);
    return sum;
  }
}
