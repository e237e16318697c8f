import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../../core/errors.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { int32Tensor, toFloat32 } from '../../formats/tensorData.ts';
import { copyInto, copyOut } from '../tensorValues.ts';
import type { Optimizer, OptimizerStep } from './optimizer.ts';

/** What an optimizer keeps for one variable. */
export interface Slot {
  /** Updates of this variable so far, the present one included. */
  step: number;
  /** The moments, in the shape of the variable, zero before the first update. */
  readonly moments: readonly tf.Variable[];
}

/**
 * The part that all optimizers share: moments by variable, made when first needed, and their way
 * into and out of a checkpoint (`<variable>.<moment>`, and `<variable>.step`).
 */
export abstract class SlotOptimizer implements Optimizer {
  readonly #slots = new Map<string, Slot>();

  /** @param momentNames PyTorch's names of the moments, such as `exp_avg`. */
  protected constructor(private readonly momentNames: readonly string[]) {}

  /** Updates one variable and its moments. */
  protected abstract update(
    variable: tf.Variable,
    gradient: tf.Tensor,
    slot: Slot,
    step: OptimizerStep & { readonly name: string },
  ): void;

  step(
    variables: ReadonlyMap<string, tf.Variable>,
    gradients: ReadonlyMap<string, tf.Tensor>,
    step: OptimizerStep,
  ): void {
    for (const [name, variable] of variables) {
      const gradient = gradients.get(name);
      if (!gradient) continue;
      const slot = this.#slot(name, variable);
      slot.step++;
      this.update(variable, gradient, slot, { ...step, name });
    }
  }

  #slot(name: string, variable: tf.Variable): Slot {
    const existing = this.#slots.get(name);
    if (existing) return existing;
    const moments = this.momentNames.map(() =>
      tf.tidy(() => tf.variable(tf.zeros(variable.shape, 'float32'), false)),
    );
    const slot = { step: 0, moments };
    this.#slots.set(name, slot);
    return slot;
  }

  state(): Map<string, SafeTensor> {
    const state = new Map<string, SafeTensor>();
    for (const [name, { step, moments }] of this.#slots) {
      state.set(`${name}.step`, int32Tensor(Int32Array.of(step), []));
      for (const [i, moment] of moments.entries()) {
        state.set(`${name}.${this.momentNames[i]}`, copyOut(moment));
      }
    }
    return state;
  }

  restore(
    variables: ReadonlyMap<string, tf.Variable>,
    state: ReadonlyMap<string, SafeTensor>,
  ): void {
    const unknown = new Set(state.keys());
    for (const [name, variable] of variables) {
      const step = state.get(`${name}.step`);
      // A variable without a gradient so far has no state.
      if (!step) continue;
      unknown.delete(`${name}.step`);
      const copies = this.momentNames.map((moment) => {
        unknown.delete(`${name}.${moment}`);
        return checkMoment(`${name}.${moment}`, state.get(`${name}.${moment}`), variable);
      });
      const slot = this.#slot(name, variable);
      slot.step = toFloat32(step)[0]!;
      for (const [i, copy] of copies.entries()) copyInto(slot.moments[i]!, copy);
    }
    const [first] = unknown;
    if (first !== undefined) {
      throw misfit(`it holds ${show(first)}, which this optimizer or model does not have`);
    }
  }

  dispose(): void {
    for (const { moments } of this.#slots.values()) tf.dispose([...moments]);
    this.#slots.clear();
  }
}

function checkMoment(
  name: string,
  moment: SafeTensor | undefined,
  variable: tf.Variable,
): SafeTensor {
  if (!moment) throw misfit(`${show(name)} is missing`);
  if (!tf.util.arraysEqual([...moment.shape], variable.shape)) {
    throw misfit(
      `${show(name)} has shape [${moment.shape.join(', ')}], the model's variable [${variable.shape.join(', ')}]`,
    );
  }
  return moment;
}

function misfit(reason: string): AnyformerError {
  return new AnyformerError(
    'INVALID_FILE',
    `The optimizer's state does not belong to this model and optimizer: ${reason}. Resume with the model and options it was written by.`,
  );
}
