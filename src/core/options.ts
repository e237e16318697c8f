import * as v from 'valibot';
import { AnyformerError, show } from './errors.ts';
import { nearestName } from './nearestName.ts';

type ObjectSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * Checks an options object against a strict valibot schema and fills in its defaults.
 *
 * An unknown name is an error that names the nearest known one and lists all; a bad value is an error that names the
 * option, the value received and what is allowed. The message texts come from the schemas.
 *
 * @param where who was called, for the message: `TextClassifier.train`.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 */
export function parseOptions<S extends ObjectSchema>(
  where: string,
  schema: S,
  options: unknown,
): v.InferOutput<S> {
  const received = options ?? {};
  if (typeof received !== 'object' || Array.isArray(received)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where} takes one options object, received ${show(received)}.`,
    );
  }
  // An explicit undefined is the same as leaving the option out.
  const given = Object.fromEntries(Object.entries(received).filter(([, x]) => x !== undefined));
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;

  const issue = result.issues[0];
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? '';
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownNames(
      schema,
      issue.path?.slice(0, -1).map((item) => String(item.key)),
    );
    const nearest = nearestName(path.slice(path.lastIndexOf('.') + 1), known);
    const hint = nearest === undefined ? 'known' : `did you mean '${nearest}'? Known`;
    throw new AnyformerError(
      'UNKNOWN_OPTION',
      `${where}: unknown option '${path}'; ${hint} are ${known.join(', ')}.`,
    );
  }
  if (issue.type === 'strict_object') {
    throw new AnyformerError('INVALID_ARGUMENT', `${where}: option '${path}' is missing.`);
  }
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: ${path} must be ${requirement(issue)}, received ${show(issue.input)}.`,
  );
}

function requirement(issue: v.BaseIssue<unknown>): string {
  // Our schemas phrase their own messages ("a number above 0"); valibot's start with "Invalid".
  if (!issue.message.startsWith('Invalid')) return issue.message;
  return issue.expected ?? issue.message;
}

function knownNames(schema: ObjectSchema, path: string[] | undefined): string[] {
  let entries = schema.entries;
  for (const key of path ?? []) {
    let inner = entries[key] as unknown as { wrapped?: unknown; entries?: v.ObjectEntries };
    while (inner?.wrapped) inner = inner.wrapped as typeof inner;
    if (!inner?.entries) break;
    entries = inner.entries;
  }
  return Object.keys(entries).sort();
}

/** An integer of at least 1. */
export const positiveInteger = v.pipe(
  v.number('a positive integer'),
  v.check((x) => Number.isSafeInteger(x) && x >= 1, 'a positive integer'),
);

/** An integer of at least 0. */
export const nonNegativeInteger = v.pipe(
  v.number('a non-negative integer'),
  v.check((x) => Number.isSafeInteger(x) && x >= 0, 'a non-negative integer'),
);

/** An integer, such as a seed. */
export const integer = v.pipe(
  v.number('an integer'),
  v.check((x) => Number.isSafeInteger(x), 'an integer'),
);

/** A finite number above 0. */
export const positiveNumber = v.pipe(
  v.number('a finite number above 0'),
  v.check((x) => Number.isFinite(x) && x > 0, 'a finite number above 0'),
);

/** A finite number of at least 0. */
export const nonNegativeNumber = v.pipe(
  v.number('a finite number of at least 0'),
  v.check((x) => Number.isFinite(x) && x >= 0, 'a finite number of at least 0'),
);

/** A fraction in [0, 1): a dropout rate, a smoothing factor, a share. */
export const fraction = v.pipe(
  v.number('a number from 0 up to but not including 1'),
  v.check((x) => x >= 0 && x < 1, 'a number from 0 up to but not including 1'),
);

/** A function, such as a callback. */
export const callback = <F>() => v.custom<F>((x) => typeof x === 'function', 'a function');

/** An object that is no list, its own options to be checked elsewhere. */
export const anObject = <T>(what = 'an object') =>
  v.custom<T>((x) => typeof x === 'object' && x !== null && !Array.isArray(x), what);

/** An AbortSignal. Told by its shape, since a signal may come from another realm. */
export const abortSignal = v.custom<AbortSignal>(
  (x) => typeof x === 'object' && x !== null && 'aborted' in x && 'addEventListener' in x,
  'an AbortSignal',
);
