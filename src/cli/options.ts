import { kebabCase } from './names.ts';
import { UsageError, unknownName } from './usageError.ts';

/** What an option's value becomes. */
interface Kinds {
  text: string;
  number: number;
  boolean: boolean;
  /** `--labels ham,spam`, or an array in a file. */
  list: readonly string[];
  /** An object as JSON, or as it is in a file. */
  object: Readonly<Record<string, unknown>>;
  numberOrAuto: number | 'auto';
  /** Any JSON; on the command line, what is none is a text. */
  json: unknown;
}

export interface Option<K extends keyof Kinds = keyof Kinds> {
  readonly kind: K;
  /** What it does, and its default. */
  readonly help: string;
  /** How its value is called in the help. */
  readonly placeholder: string;
  /** What the library calls it, where that is not its own name: `encoder.type`. */
  readonly inLibrary?: string;
}

/** Options by their camelCase names: those of configuration files; flags are the same in kebab-case. */
export type Options = Readonly<Record<string, Option>>;

export type Values<O extends Options> = {
  readonly [Name in keyof O]?: Kinds[O[Name]['kind']];
};

const option =
  <K extends keyof Kinds>(kind: K, usual: string) =>
  (help: string, placeholder = usual): Option<K> => ({ kind, help, placeholder });

export const text = option('text', 'TEXT');
export const number = option('number', 'N');
export const boolean = option('boolean', '');
export const list = option('list', 'A,B,…');
export const object = option('object', 'JSON');
export const json = option('json', 'JSON');
export const numberOrAuto = option('numberOrAuto', 'N|auto');

/** An option that has another name in the library, which its messages use. */
export const named = <O extends Option>(inLibrary: string, given: O): O => ({
  ...given,
  inLibrary,
});

/**
 * The value of a flag, of what stands behind it: a text, or a boolean for flags that take none.
 * @throws UsageError when it is of the wrong kind.
 */
export function valueOfFlag(name: string, { kind }: Option, given: unknown): unknown {
  const flag = `--${kebabCase(name)}`;
  if (kind === 'boolean') return given === true;
  if (given === false)
    throw new UsageError(`--no-${kebabCase(name)} is no option; give ${flag} a value.`);
  const value = String(given);
  if (value === '') throw new UsageError(`${flag} needs a value.`);
  switch (kind) {
    case 'number':
      return checked(flag, 'a number', value, asNumber(value));
    case 'numberOrAuto':
      return checked(flag, "a number or 'auto'", value, value === 'auto' ? value : asNumber(value));
    case 'list':
      return value.split(',').map((part) => part.trim());
    case 'object':
      return checked(flag, 'a JSON object', value, asObject(value));
    case 'json':
      return asJson(value);
    default:
      return value;
  }
}

const FITS: { readonly [K in keyof Kinds]: readonly [string, (value: unknown) => boolean] } = {
  text: ['a text', (value) => typeof value === 'string' && value !== ''],
  number: ['a number', (value) => typeof value === 'number'],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  list: [
    'a list of texts',
    (value) => Array.isArray(value) && value.every((part) => typeof part === 'string'),
  ],
  object: ['an object', (value) => isObject(value)],
  numberOrAuto: ["a number or 'auto'", (value) => typeof value === 'number' || value === 'auto'],
  json: ['a JSON value', () => true],
};

/**
 * The options in a configuration file.
 * @throws UsageError for a key that is none of them, naming the nearest, and for a value of the wrong
 *   kind.
 */
export function valuesOfConfig(config: unknown, options: Options, file: string): object {
  if (!isObject(config)) {
    throw new UsageError(`${file} must hold one JSON object of options, such as {"epochs": 3}.`);
  }
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(options, name)) {
      throw new UsageError(
        `${file}: ${unknownName('option', `'${name}'`, name, Object.keys(options))}`,
      );
    }
    const [allowed, fits] = FITS[options[name]!.kind];
    if (fits(value)) continue;
    throw new UsageError(`${file}: ${name} must be ${allowed}, is ${JSON.stringify(value)}.`);
  }
  return config;
}

function checked<T>(flag: string, allowed: string, given: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new UsageError(`${flag} takes ${allowed}, received '${given}'.`);
}

function asNumber(value: string): number | undefined {
  const parsed = Number(value);
  return value.trim() === '' || Number.isNaN(parsed) ? undefined : parsed;
}

function asObject(value: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function asJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Those of `values` that are among `options`. */
export function pick<O extends Options>(values: Values<Options>, options: O): Values<O> {
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => Object.hasOwn(options, name)),
  ) as Values<O>;
}
