import type * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { copyInto, copyVariables } from './tensorValues.ts';

const FILE = 'model.safetensors';

/** The files of a model without a task: its variables, in their own names and layout. */
export function saveVariables(
  variables: ReadonlyMap<string, tf.Variable>,
): Map<string, Uint8Array> {
  return new Map([[FILE, writeSafetensors(copyVariables(variables))]]);
}

/**
 * Loads what {@link saveVariables} gave.
 * @throws AnyformerError `INVALID_FILE` before any variable is changed.
 */
export function loadVariables(
  variables: ReadonlyMap<string, tf.Variable>,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const bytes = files.get(FILE);
  if (!bytes) throw misfit(`there is no ${FILE}, only ${show([...files.keys()])}`);
  const { tensors } = readSafetensors(bytes, FILE);
  for (const name of new Set([...tensors.keys(), ...variables.keys()])) {
    const saved = tensors.get(name);
    const own = variables.get(name);
    if (!saved || !own) {
      throw misfit(`${show(name)} is in the ${saved ? 'file' : 'model'} only`);
    }
    if (saved.shape.join() !== own.shape.join()) {
      throw misfit(
        `${show(name)} has shape [${saved.shape.join(', ')}] in the file, [${own.shape.join(', ')}] in the model`,
      );
    }
  }
  for (const [name, variable] of variables) copyInto(variable, tensors.get(name)!);
}

function misfit(reason: string): AnyformerError {
  return new AnyformerError(
    'INVALID_FILE',
    `The saved weights do not belong to this model: ${reason}. Make the model as it was when it was saved.`,
  );
}
