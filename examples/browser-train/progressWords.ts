import type { Progress } from 'anyformer';
import { durationOf, whole } from './plainWords.ts';
import type { Settings } from './recipe.ts';

/** What each part of a training is called. */
export const PHASES: Readonly<Record<string, string>> = {
  read: 'Counting words',
  compare: 'Comparing models that count words',
  tokenizer: 'Learning a vocabulary',
  encode: 'Preparing the sentences',
  train: 'Training',
  evaluate: 'Measuring',
};

/** `Training: round 3 of 20, about 5 seconds left.` */
export function progressOf(progress: Progress, { epochs }: Settings): string {
  const { phase, epoch = 0, remainingSeconds } = progress;
  const doing = PHASES[phase] ?? 'Working';
  if (phase !== 'train') return `${doing}…`;
  const round = Math.floor(epoch) + 1;
  const rounds =
    epochs === undefined ? whole(round) : `${whole(Math.min(round, epochs))} of ${whole(epochs)}`;
  const left =
    remainingSeconds === undefined
      ? ''
      : `, ${epochs === undefined ? durationOf(remainingSeconds).replace('about', 'at most') : durationOf(remainingSeconds)}`;
  return `${doing}: round ${rounds}${left}.`;
}
