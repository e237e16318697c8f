import { AnyformerError, show } from '../../core/errors.ts';
import { readModelConfig } from '../modelFolder.ts';
import { UsageError, unknownName } from '../usageError.ts';
import type { Task } from './task.ts';
import { textClassification } from './textClassification.ts';
import { textGeneration } from './textGeneration.ts';
import { translation } from './translation.ts';

/** Every task that the command line knows. */
export const tasks: readonly Task[] = [textClassification, textGeneration, translation];

export const taskNames = tasks.map(({ name }) => name).join(', ');

/** @throws UsageError for a name that is none of them. */
export function taskNamed(name: string): Task {
  const task = tasks.find((other) => other.name === name);
  if (task) return task;
  const names = tasks.map((other) => other.name);
  throw new UsageError(unknownName('task', `'${name}'`, name, names));
}

/** @throws AnyformerError `UNSUPPORTED` for a model of another task. */
export async function taskOfModel(model: string): Promise<Task> {
  const { architectures } = await readModelConfig(model);
  const names: unknown[] = Array.isArray(architectures) ? architectures : [];
  const task = tasks.find(({ architecture }) => architecture.test(String(names[0])));
  if (task) return task;
  throw new AnyformerError(
    'UNSUPPORTED',
    `The model in ${model} is of the architecture ${show(names[0])}; known are models for ${taskNames}.`,
  );
}
