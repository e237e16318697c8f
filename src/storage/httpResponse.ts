import { AnyformerError } from '../core/errors.ts';

/** What was asked for, and of whom. */
export interface Request {
  readonly location: string;
  /** A file below the location, where that is a folder. */
  readonly name?: string;
  readonly signal?: AbortSignal | undefined;
}

/** The error for a request that got no answer, or not all of one. */
export function networkError({ location, name, signal }: Request, cause: unknown): AnyformerError {
  if (cause instanceof AnyformerError) return cause;
  if (signal?.aborted) {
    return new AnyformerError(
      'ABORTED',
      `Reading ${name ?? location} was aborted by its AbortSignal.`,
      {
        cause: signal.reason,
      },
    );
  }
  // Node's fetch hides the reason (ECONNREFUSED, ENOTFOUND) one level down.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? inner.message : String(inner);
  return new AnyformerError(
    'STORAGE',
    `${location} could not be reached${name ? ` for ${name}` : ''} (${reason}). Check the address, the network, and in a browser the server's CORS headers.`,
    { cause },
  );
}

/** A server of a single-page application answers with its start page for what it does not have. */
export function isHtml(response: Response): boolean {
  return response.headers.get('content-type')?.toLowerCase().startsWith('text/html') ?? false;
}

export function beginsAsHtml(bytes: Uint8Array): boolean {
  return /^\s*<(!doctype html|html)/i.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}
