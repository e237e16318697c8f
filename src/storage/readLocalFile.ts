import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import { tagOf } from '../core/tagOf.ts';

/** What to do about the failures that people meet. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file. Check the path; a relative one begins at the current folder.',
  EISDIR: 'It is a directory, not a file. Pass the path of one file in it.',
  EACCES: 'It may not be read by this user.',
  EPERM: 'It may not be read by this user.',
  ERR_FS_FILE_TOO_LARGE:
    'It is too large to be read at once. Split it, or pass its rows as they come.',
};

/**
 * All bytes of one file, through `node:fs` (Node, Bun, Deno).
 *
 * @param path a path or a `file:` URL.
 * @throws AnyformerError `STORAGE` when it cannot be read, `ABORTED` by the signal.
 */
export async function readLocalFile(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  const file = pathOf(path);
  throwIfAborted(signal, `Reading ${file}`);
  try {
    const { buffer, byteOffset, byteLength } = await readFile(file, signal ? { signal } : {});
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (cause) {
    throwIfAborted(signal, `Reading ${file}`);
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new AnyformerError('STORAGE', `${file} could not be read: ${ADVICE[code] ?? message}`, {
      cause,
    });
  }
}

function pathOf(path: string | URL): string {
  if (tagOf(path) !== 'URL') return resolve(path as string);
  try {
    return fileURLToPath(path);
  } catch (cause) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${show(String(path))} is the address of no file of this machine (${(cause as Error).message}).`,
      { cause },
    );
  }
}
