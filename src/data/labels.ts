import { AnyformerError, show } from '../core/errors.ts';
import { nearestName } from '../core/nearestName.ts';

/** One labelled text: one label, or several at once (multi-label), perhaps none of them. */
export interface TextExample {
  readonly text: string;
  readonly label: string | readonly string[];
}

/**
 * Checks that a value is a non-empty list of labelled texts, all with one label or all with a list
 * of labels.
 *
 * @param where who asks, for the message: `TextClassifier.train`.
 * @throws AnyformerError `INVALID_DATA` with the index and the value of the first bad example.
 */
export function checkExamples(
  examples: unknown,
  where: string,
): asserts examples is readonly TextExample[] {
  if (!Array.isArray(examples)) {
    throw new AnyformerError(
      'INVALID_DATA',
      `${where} takes the path or address of a file, a File or Blob, or an array of { text, label }, received ${show(examples)}.`,
    );
  }
  if (examples.length === 0) {
    throw new AnyformerError(
      'INVALID_DATA',
      `${where} received an empty dataset; pass at least one { text, label }.`,
    );
  }
  const isMulti = isMultiLabel(examples);
  // By index: a hole in the array is a bad example, too.
  for (let index = 0; index < examples.length; index++) {
    const reason = problemOf(examples[index], isMulti);
    if (reason) throw new AnyformerError('INVALID_DATA', `${where}: example ${index}${reason}.`);
  }
}

/** Whether examples carry lists of labels. */
export function isMultiLabel(examples: readonly TextExample[]): boolean {
  return Array.isArray(examples[0]?.label);
}

/**
 * A key that two examples share when they have the same label, or the same labels in any order.
 *
 * @example
 * labelKey(['b', 'a']) === labelKey(['a', 'b']); // true
 */
export function labelKey(label: TextExample['label']): string {
  return typeof label === 'string' ? label : JSON.stringify([...label].sort());
}

function problemOf(example: unknown, isMulti: boolean): string | undefined {
  if (typeof example !== 'object' || example === null) {
    return ` must be { text, label }, is ${show(example)}`;
  }
  const { text, label } = example as Record<string, unknown>;
  if (typeof text !== 'string') return `: text must be a string, is ${show(text)}`;
  if (Array.isArray(label) !== isMulti && (typeof label === 'string' || Array.isArray(label))) {
    return `: label is ${show(label)}, though example 0 has ${isMulti ? 'a list of labels' : 'one label'}; give all of them the same form`;
  }
  if (!isMulti) {
    return isLabel(label) ? undefined : `: label must be a non-empty string, is ${show(label)}`;
  }
  if (!Array.isArray(label)) return `: label must be an array of strings, is ${show(label)}`;
  if (!label.every(isLabel)) return `: label must hold non-empty strings, is ${show(label)}`;
  return new Set(label).size === label.length ? undefined : `: label repeats in ${show(label)}`;
}

function isLabel(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/**
 * All labels that occur, in an order that does not depend on that of the examples: by number when
 * all are integers, else by code unit.
 *
 * @example
 * collectLabels([{ text: 'a', label: 'spam' }, { text: 'b', label: 'ham' }]); // ['ham', 'spam']
 */
export function collectLabels(examples: readonly TextExample[]): string[] {
  const labels = [...new Set(examples.flatMap(({ label }) => label))].sort();
  const areIntegers = labels.every((label) => /^-?\d{1,15}$/.test(label));
  return areIntegers ? labels.sort((a, b) => Number(a) - Number(b)) : labels;
}

/**
 * Refuses data a classifier can learn nothing from: with fewer than two different labels.
 *
 * @throws AnyformerError `INVALID_DATA`.
 */
export function requireSeveralLabels(examples: readonly TextExample[], where: string): void {
  const labels = collectLabels(examples);
  if (labels.length >= 2) return;
  const found = labels.length === 0 ? 'no label at all' : `only the label ${show(labels[0])}`;
  throw new AnyformerError(
    'INVALID_DATA',
    `${where}: the ${examples.length} examples have ${found}; a classifier needs at least two different ones to tell apart.`,
  );
}

/**
 * The index of each example's one label.
 *
 * @returns (N): int32, indices into `labels`.
 * @throws AnyformerError `INVALID_DATA` naming the first label that is not in the list.
 */
export function encodeLabels(
  examples: readonly TextExample[],
  labels: readonly string[],
  where: string,
): Int32Array {
  const ids = new Map(labels.map((label, id) => [label, id]));
  return Int32Array.from(examples, ({ label }, index) => {
    if (typeof label === 'string') return idOf(label, index, ids, where);
    throw new AnyformerError(
      'INVALID_DATA',
      `${where}: example ${index}: label must be one of the labels, is the list ${show(label)}; several labels at once need a multi-label model.`,
    );
  });
}

/**
 * One row of zeros and ones for each example: 1 where it has the label.
 *
 * @returns (N, C): float32, row-major, C the number of labels.
 * @throws AnyformerError `INVALID_DATA` naming the first label that is not in the list.
 */
export function encodeMultiLabels(
  examples: readonly TextExample[],
  labels: readonly string[],
  where: string,
): Float32Array {
  const ids = new Map(labels.map((label, id) => [label, id]));
  const rows = new Float32Array(examples.length * labels.length);
  for (const [index, { label }] of examples.entries()) {
    for (const name of typeof label === 'string' ? [label] : label) {
      rows[index * labels.length + idOf(name, index, ids, where)] = 1;
    }
  }
  return rows;
}

function idOf(
  label: string,
  index: number,
  ids: ReadonlyMap<string, number>,
  where: string,
): number {
  const id = ids.get(label);
  if (id !== undefined) return id;
  const nearest = nearestName(label, ids.keys());
  const hint = nearest === undefined ? '' : ` Did you mean ${show(nearest)}?`;
  throw new AnyformerError(
    'INVALID_DATA',
    `${where}: example ${index} has the label ${show(label)}, which is not in the list; known are ${[...ids.keys()].map(show).join(', ')}.${hint}`,
  );
}
