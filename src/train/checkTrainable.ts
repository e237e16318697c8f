import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { Trainable } from './trainable.ts';

/**
 * Refuses a model that cannot be trained.
 * @throws AnyformerError `INVALID_ARGUMENT`.
 */
export function checkTrainable<Batch>({ variables }: Trainable<Batch>): void {
  checkVariables(variables);
}

function checkVariables(variables: ReadonlyMap<string, tf.Variable>): void {
  const names = new Map<tf.Variable, string>();
  for (const [name, variable] of variables) {
    const other = names.get(variable);
    if (other !== undefined) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `The variables '${other}' and '${name}' are one and the same, which would be updated twice; give shared weights one name.`,
      );
    }
    names.set(variable, name);
  }
  if (![...variables.values()].some((variable) => variable.trainable)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `None of the model's ${variables.size} variables is trainable; unfreeze one.`,
    );
  }
}
