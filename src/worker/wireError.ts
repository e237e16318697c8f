import { AnyformerError, type ErrorCode } from '../core/errors.ts';

/** An error as it crosses: structured clones keep neither a class of ours nor its `code`. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  /** Its other properties, `code` among them. */
  readonly own: Readonly<Record<string, unknown>>;
  readonly of: 'AnyformerError' | 'DOMException' | 'Error';
}

// Told by its tag: an error may come from another realm, where instanceof fails.
export const isError = (value: unknown): value is Error =>
  value instanceof Error || /^\[object (Error|DOMException)\]$/.test(tagOf(value));

const tagOf = (value: unknown) => Object.prototype.toString.call(value);

export function errorToWire(error: Error): Omit<WireError, 'cause' | 'own'> {
  const { name, message, stack } = error;
  const isDom = tagOf(error) === '[object DOMException]';
  const of = error instanceof AnyformerError ? 'AnyformerError' : isDom ? 'DOMException' : 'Error';
  return { name, message, stack, of };
}

const CLASSES: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export function errorFromWire({ name, message, stack, cause, own, of }: WireError): Error {
  if (of === 'DOMException') return new DOMException(message, name);
  const options = cause === undefined ? {} : { cause };
  const error =
    of === 'AnyformerError'
      ? new AnyformerError(own.code as ErrorCode, message, options)
      : new (CLASSES[name] ?? Error)(message, options);
  if (error.name !== name) error.name = name;
  // Where it was thrown, which is in the other thread.
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return Object.assign(error, own);
}
