import { AnyformerError } from '../core/errors.ts';
import { bytesOf } from './storage.ts';

const NEXT_STEPS: Readonly<Record<string, string>> = {
  SecurityError:
    'The browser lets this page keep no files: it may be in a private window, in a frame of another site, or not served by https. Save to a new ZipStorage() and download its blob().',
  InvalidStateError:
    'The browser lets this page keep no files: it may be in a private window. Save to a new ZipStorage() and download its blob().',
  NoModificationAllowedError: 'Another tab has it open: close that and try again.',
  TypeMismatchError: 'A folder is where a file should be, or the other way round.',
};

/** The error of a browser's storage that could not be read or changed. */
export function browserFailure(action: string, location: string, cause: unknown): AnyformerError {
  if (cause instanceof AnyformerError) return cause;
  const { name, message } = describe(cause);
  const next = NEXT_STEPS[name] ?? message;
  return new AnyformerError('STORAGE', `Cannot ${action} ${location} (${name}). ${next}`, {
    cause,
  });
}

/** The error of a save that did not come about; what was there before it still stands. */
export async function browserSaveFailure(
  files: ReadonlyMap<string, Uint8Array>,
  location: string,
  cause: unknown,
): Promise<AnyformerError> {
  const bytes = bytesOf(files);
  const room = await roomLeft();
  const isShort = room !== undefined && room.left < bytes;
  const { name } = describe(cause);
  // Chromium may tear the pipe that a large file goes through before it says why.
  if (name !== 'QuotaExceededError' && !(name === 'AbortError' && isShort)) {
    return browserFailure('save into', location, cause);
  }
  const left = isShort
    ? `: this site has ${megabytes(room.left)} of ${megabytes(room.quota)} left`
    : '';
  return new AnyformerError(
    'STORAGE',
    `There is no room for ${megabytes(bytes)} in ${location}${left}. What was there before still stands. Remove what is not needed any more, free some of the disk, or save to a new ZipStorage() and download its blob().`,
    { cause },
  );
}

/** What the browser says is left; some tell every site the same. */
async function roomLeft(): Promise<{ left: number; quota: number } | undefined> {
  try {
    const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
    return { left: Math.max(0, quota - usage), quota };
  } catch {
    return undefined;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

function describe(cause: unknown): { name: string; message: string } {
  // A DOMException, of whatever realm: not always an Error.
  const { name, message } = (cause ?? {}) as { name?: unknown; message?: unknown };
  return {
    name: typeof name === 'string' ? name : 'unknown error',
    message: typeof message === 'string' && message !== '' ? message : String(cause),
  };
}
