import { unzipSync, type ZippableFile, zipSync } from 'fflate';
import { AnyformerError } from '../core/errors.ts';

// Weights are noise to a compressor: it would take seconds and save a tenth.
const STORED = /\.safetensors$/;
// What is left out of an archive: its folders, hidden files, and what macOS adds.
const NO_FILE = /\/$|(^|\/)\.|^__MACOSX\//;
// The archive is then the same for the same files, whenever it is made.
const MADE = new Date(1980, 0, 1);

/** Packs files into a zip archive. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const entries: Record<string, ZippableFile> = {};
  for (const [name, bytes] of files) {
    entries[name] = [bytes, { level: STORED.test(name) ? 0 : 6, mtime: MADE }];
  }
  return zipSync(entries) as Uint8Array<ArrayBuffer>;
}

/**
 * Unpacks a zip archive of files, or of one folder of them, as a file manager makes it.
 *
 * @param name of the archive, for messages.
 * @throws AnyformerError `INVALID_FILE` for what is no zip archive, is torn, or holds several folders.
 */
export function readZip(archive: Uint8Array, name: string): Map<string, Uint8Array> {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(archive, { filter: (entry) => !NO_FILE.test(entry.name) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} is no zip archive, or is torn (${reason}). Pass the zip of a saved model's folder.`,
      { cause },
    );
  }
  const paths = Object.keys(entries);
  const folder = paths[0]?.includes('/') ? paths[0].slice(0, paths[0].lastIndexOf('/') + 1) : '';
  const outside = paths.find(
    (path) => path.lastIndexOf('/') + 1 !== folder.length || !path.startsWith(folder),
  );
  if (outside !== undefined) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${name} has files in several folders (${paths[0]}, ${outside}); pack those of one model alone.`,
    );
  }
  return new Map(paths.map((path) => [path.slice(folder.length), entries[path]!]));
}
