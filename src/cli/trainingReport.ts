import type { HeldOutResult } from '../tasks/classification/heldOut.ts';
import type { ClassifierTrainingResult } from '../tasks/classification/trainingResult.ts';

/** The result of a training, with what only some tasks tell. */
export type ReportedResult = Partial<ClassifierTrainingResult>;

/** What a person reads after a training, in this order. */
export interface TrainingReport {
  readonly results: readonly string[];
  /** They are no results, and go elsewhere. */
  readonly warnings: readonly string[];
  readonly closing: readonly string[];
}

/**
 * The result of a training for a person. What the result does not tell is left out.
 *
 * @param folder where the model was saved.
 */
export function trainingReport(result: ReportedResult, folder: string): TrainingReport {
  const { heldOut, choice, warnings = [], used } = result;
  const values = Object.entries(used ?? {}).filter(([, value]) => value !== undefined);
  return {
    results: [
      ...lengthLines(result),
      ...(heldOut ? heldOutLines(heldOut) : validationLines(result)),
      ...(choice ? [`chosen: ${choice.encoder}; ${choice.reason}`] : []),
    ],
    warnings: warnings.map(({ message }) => `warning: ${message}`),
    closing: [
      ...(values.length > 0 ? [`used: ${values.map(usedValue).join(', ')}`] : []),
      `saved in ${folder}`,
    ],
  };
}

function lengthLines({ globalStep, epoch, trainLoss, stoppedEarly }: ReportedResult): string[] {
  if (globalStep === undefined) return [];
  const parts = [count(globalStep, 'step')];
  if (epoch !== undefined) parts.push(count(rounded(epoch, 2), 'epoch'));
  if (stoppedEarly) parts.push('stopped early');
  const isKnown = trainLoss !== undefined && Number.isFinite(trainLoss);
  return [`${parts.join(', ')}${isKnown ? `: mean loss ${trainLoss.toFixed(4)}` : ''}`];
}

/** The last evaluation of the loop. */
function validationLines({ logHistory = [] }: ReportedResult): string[] {
  const metrics = logHistory.findLast((entry) => entry.metrics)?.metrics ?? {};
  return Object.entries(metrics).map(([name, value]) => `validation ${name} ${rounded(value, 4)}`);
}

function heldOutLines({ accuracy, accuracyInterval, ...others }: HeldOutResult): string[] {
  const [low, high] = accuracyInterval.map((bound) => bound.toFixed(2));
  const compared: [string, number][] = [];
  const { majority, ngrams } = others;
  compared.push([`always '${majority.label}'`, majority.accuracy]);
  if (ngrams) compared.push(['n-gram model', ngrams.accuracy]);
  const width = Math.max(...compared.map(([name]) => name.length));
  return [
    `held-out accuracy ${accuracy.toFixed(2)} (${low} to ${high}, ${methodOf(others)})`,
    ...compared.map(([name, value]) => `  ${name.padEnd(width)}  ${value.toFixed(2)}`),
  ];
}

function methodOf({
  method,
  folds,
  examples,
}: Pick<HeldOutResult, 'method' | 'folds' | 'examples'>) {
  const rows = count(examples, 'row');
  if (method === 'split') return `${rows} held out`;
  if (method === 'validationData') return `${rows} of validation data`;
  return `${folds === undefined ? '' : `${folds}-fold `}cross-validation of ${rows}`;
}

function usedValue([name, value]: [string, unknown]): string {
  if (typeof value === 'number') return `${name} ${Number(value.toPrecision(6))}`;
  return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}

const rounded = (value: number, digits: number) => Number(value.toFixed(digits));

/** `1 step`, `2 steps`. */
const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
