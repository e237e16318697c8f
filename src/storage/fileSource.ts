import { tagOf } from '../core/tagOf.ts';

/** A file: its path or address, a File or Blob, or its bytes. */
export type FileSource = string | URL | Blob | ArrayBuffer | ArrayBufferView<ArrayBufferLike>;

/** Whether a value is a file, rather than data. It checks the shape, since classes differ between realms. */
export function isFileSource(value: unknown): value is FileSource {
  return (
    typeof value === 'string' ||
    ArrayBuffer.isView(value) ||
    ['URL', 'File', 'Blob', 'ArrayBuffer', 'SharedArrayBuffer'].includes(tagOf(value))
  );
}
