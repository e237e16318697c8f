import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { Trainable } from './trainable.ts';
import type { ResolvedTrainingOptions } from './trainingOptions.ts';

/**
 * Refuses a model that the options do not fit.
 * @throws AnyformerError `INVALID_ARGUMENT`, `UNSUPPORTED`.
 */
export function checkTrainable<Batch>(
  where: string,
  model: Trainable<Batch>,
  { gradientCheckpointing }: ResolvedTrainingOptions,
): void {
  checkVariables(model.variables);
  if (!gradientCheckpointing || model.supportsGradientCheckpointing) return;
  throw new AnyformerError(
    'UNSUPPORTED',
    `${where}: gradientCheckpointing is true, and this model has no blocks that could be run again; leave it out.`,
  );
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
