/** The kind of an error. Use it in programs: the text of an error may change, its code does not. */
export type ErrorCode =
  | 'INVALID_ARGUMENT' // a value of the wrong type or out of range
  | 'UNKNOWN_OPTION' // an option name that is not known
  | 'INVALID_DATA' // a dataset that cannot be trained on
  | 'INVALID_FILE' // a corrupt or incompatible file
  | 'STORAGE' // reading or writing bytes failed (not found, disk full, refused)
  | 'OUT_OF_MEMORY' // the WebAssembly heap cannot grow further
  | 'ENGINE' // the engine could not be started
  | 'NON_FINITE_LOSS' // training diverged
  | 'ABORTED' // the caller's AbortSignal fired
  | 'DISPOSED' // the object was used after dispose()
  | 'WORKER_STOPPED' // a worker could not be started, or ended before its work was done
  | 'UNSUPPORTED'; // this runtime or backend cannot do it

/**
 * The error class of the library. All its errors are instances of it.
 *
 * The message says what was wrong, the value received, what is allowed and what to do next. `code` is
 * the kind of the error, for programs.
 *
 * @example
 * try {
 *   await TextClassifier.load('./model');
 * } catch (error) {
 *   if (error instanceof AnyformerError && error.code === 'STORAGE') { … }
 * }
 */
export class AnyformerError extends Error {
  /** The kind of the error. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    // The Web's convention: code that catches an abort looks for this name.
    this.name = code === 'ABORTED' ? 'AbortError' : 'AnyformerError';
    this.code = code;
  }
}

/** Throws an `ABORTED` error when the signal has fired; the signal's reason becomes the cause. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) {
    throw new AnyformerError('ABORTED', `${what} was aborted by its AbortSignal.`, {
      cause: signal.reason,
    });
  }
}

/** How a received value reads in an error message: short, quoted, never `[object Object]`. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length > 40 ? `'${value.slice(0, 37)}…'` : `'${value}'`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) {
    const head = value.slice(0, 4).map(show).join(', ');
    return `[${head}${value.length > 4 ? `, … ${value.length} in all` : ''}]`;
  }
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`;
  if (typeof value === 'object' && value !== null) {
    const name = value.constructor?.name;
    if (name && name !== 'Object') return `an object of class ${name}`;
    const keys = Object.keys(value);
    return `{ ${keys.slice(0, 4).join(', ')}${keys.length > 4 ? ', …' : ''} }`;
  }
  return String(value);
}
