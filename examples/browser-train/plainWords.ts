import type { HeldOutResult, TextExample, TrainingWarning } from 'anyformer';

/** Numbers, lists and errors as a person reads who has never programmed. */

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
export const percent = (share: number): string => `${Math.round(100 * share)} %`;
/** No score is certain. */
export const surenessOf = (score: number): string => `${Math.min(99, Math.round(100 * score))} %`;
export const sentences = (count: number): string =>
  count === 1 ? '1 sentence' : `${whole(count)} sentences`;

/** a; a and b; a, b and c */
export const listOf = (items: readonly string[]): string =>
  items.length < 2
    ? items.join('')
    : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;

const RELOAD = 'Reload the page and try again.';

/** What happened, by the error's code. The error itself, for programmers, goes to the console. */
const ERRORS: Readonly<Record<string, string>> = {
  INVALID_DATA:
    'The sentences cannot be learned from as they are. Check that each has a label, and that there are two labels or more.',
  INVALID_FILE:
    'This file is not a model from this page, or it is damaged. Choose a zip file that was downloaded here.',
  STORAGE: 'Something could not be read. Check your connection, reload the page and try again.',
  OUT_OF_MEMORY:
    'There is not enough memory for this. Close other tabs, or train with fewer sentences or the automatic model.',
  ENGINE: `The computing part could not start in this browser. ${RELOAD} If it happens again, update the browser.`,
  UNSUPPORTED:
    'This browser cannot do this. Try it in a current version of Chrome, Edge, Firefox or Safari.',
  WORKER_STOPPED: `The computing part has stopped, perhaps because the memory was full. ${RELOAD} Your sentences are kept.`,
  NON_FINITE_LOSS:
    'The training went astray and was ended. Open Settings, choose the automatic model and train again.',
};

export function sentenceOf(error: unknown): string {
  console.error(error);
  const { code = '' } = (error ?? {}) as { code?: string };
  return ERRORS[code] ?? `Something went wrong. ${RELOAD} Your sentences are kept.`;
}

/** Why the next visit will not find something again. */
export function reasonNotKept(error: unknown): string {
  const { name = '' } = (error ?? {}) as Partial<Error>;
  return name === 'QuotaExceededError'
    ? 'the browser has no room left for this page'
    : 'the browser does not let this page keep anything';
}

/** Labels with fewer rows than this are seldom learned. */
const FEWEST_OF_LABEL = 8;

/** The warnings of a training, each with what to do. */
export function warningsOf(
  warnings: readonly TrainingWarning[],
  examples: readonly TextExample[],
  counts: readonly (readonly [label: string, count: number])[],
): string[] {
  const codes = [...new Set(warnings.map(({ code }) => code))];
  return codes.flatMap((code) => {
    if (code === 'FEW_EXAMPLES') return fewWarning(examples, counts);
    if (code === 'CONFLICTING_LABELS') return conflictWarning(examples);
    return WARNINGS[code] ?? [];
  });
}

const WARNINGS: Readonly<Record<string, string>> = {
  NO_BETTER_THAN_GUESSING:
    'It is no better than guessing. Add more sentences, or check that the labels can be told from the words.',
  DIVERGED:
    'One of the trainings went astray. If the result is poor, open Settings and choose the automatic model.',
};

function fewWarning(
  { length }: readonly TextExample[],
  counts: readonly (readonly [label: string, count: number])[],
): string[] {
  if (length < 20) {
    return [
      `There are only ${sentences(length)}. Add more: about 20 for each label are a good start.`,
    ];
  }
  const few = counts.filter(([, count]) => count < FEWEST_OF_LABEL);
  if (few.length === 0) return [];
  const named = few.slice(0, 3).map(([label, count]) => `“${label}” (${whole(count)})`);
  if (few.length > 3) named.push(`${whole(few.length - 3)} more`);
  const one = few.length === 1;
  return [
    `The ${one ? 'label' : 'labels'} ${listOf(named)} ${one ? 'has' : 'have'} few sentences, and ${one ? 'is' : 'are'} seldom learned well. Add some.`,
  ];
}

/** The same text under two labels. */
function conflictWarning(examples: readonly TextExample[]): string[] {
  const labels = new Map<string, string>();
  for (const { text, label } of examples) {
    const [key, name] = [text.trim().toLowerCase(), String(label)];
    const other = labels.get(key);
    if (other !== undefined && other !== name) {
      const short = text.length > 60 ? `${text.slice(0, 57)}…` : text;
      return [
        `Some sentences stand in the table twice with different labels, for example “${short}” as “${other}” and as “${name}”. Correct one of them.`,
      ];
    }
    labels.set(key, name);
  }
  return ['Some sentences stand in the table twice with different labels. Correct them.'];
}

/** How good a model is: counts, what is no art, and what to expect of new sentences. */
export function verdictOf(heldOut: HeldOutResult): {
  right: string;
  guess: string;
  likely: string;
} {
  const { examples, accuracy, majority, accuracyInterval } = heldOut;
  const [low, high] = accuracyInterval.map((share) => Math.round(100 * share)) as [number, number];
  const right = Math.round(accuracy * examples);
  return {
    right: `Of ${sentences(examples)} it had not seen, ${whole(right)} ${right === 1 ? 'was' : 'were'} right.`,
    guess:
      majority.label === ''
        ? ''
        : `Always answering “${majority.label}” would get ${whole(Math.round(majority.accuracy * examples))}.`,
    likely: `Of 100 new sentences of the same kind, expect ${low} to ${high} to be right.`,
  };
}

export function durationOf(seconds: number): string {
  if (seconds < 1.5) return 'about 1 second left';
  if (seconds < 90) return `about ${Math.round(seconds)} seconds left`;
  return `about ${Math.round(seconds / 60)} minutes left`;
}
