import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import {
  checkFileName,
  checkFiles,
  missingFileError,
  type ReadOptions,
  type Storage,
} from './storage.ts';

/** A zip archive: a File of an input element, a Blob or a buffer. */
export type PackedFiles = Blob | ArrayBuffer | ArrayBufferView<ArrayBufferLike>;

/**
 * A {@link Storage} in one zip archive, to download, upload or share a model as a single file. The
 * unpacked archive is a normal model folder.
 *
 * @param archive the archive to read from. Without it a new archive is made, which can be written.
 *
 * @example
 * const zip = new ZipStorage();
 * await classifier.save(zip);
 * link.href = URL.createObjectURL(await zip.blob());
 *
 * const again = await TextClassifier.load(input.files[0]);
 */
export class ZipStorage implements Storage {
  readonly location: string;
  readonly #archive: PackedFiles | undefined;
  #files: Promise<Map<string, Uint8Array>> | undefined;

  constructor(archive?: PackedFiles) {
    this.#archive = archive;
    const { name } = (archive ?? {}) as { name?: unknown };
    this.location = typeof name === 'string' && name !== '' ? name : 'the zip archive';
  }

  /** Returns the archive as a Blob of type application/zip. */
  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: 'application/zip' });
  }

  /** Returns the archive as bytes. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const files = await this.#open();
    const { writeZip } = await import('../formats/zip.ts');
    return writeZip(files);
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    const bytes = (await this.#open()).get(name);
    throwIfAborted(options.signal, `Reading ${name}`);
    if (bytes === undefined) throw missingFileError(name, this.location, await this.list());
    options.onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    checkFiles(files);
    const kept = await this.#openForChange();
    for (const [name, bytes] of files) kept.set(name, bytes);
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    return (await this.#open()).has(name);
  }

  async list(): Promise<string[]> {
    return [...(await this.#open()).keys()].sort();
  }

  async remove(name: string): Promise<void> {
    checkFileName(name);
    (await this.#openForChange()).delete(name);
  }

  #open(): Promise<Map<string, Uint8Array>> {
    this.#files ??= unpack(this.#archive, this.location);
    return this.#files;
  }

  #openForChange(): Promise<Map<string, Uint8Array>> {
    if (this.#archive === undefined) return this.#open();
    throw new AnyformerError(
      'UNSUPPORTED',
      `${this.location} is read from and cannot be changed. Save to a new ZipStorage() and take its blob().`,
    );
  }
}

async function unpack(
  archive: PackedFiles | undefined,
  location: string,
): Promise<Map<string, Uint8Array>> {
  if (archive === undefined) return new Map();
  const bytes = await bytesOfPacked(archive, location);
  const { readZip } = await import('../formats/zip.ts');
  return readZip(bytes, location);
}

async function bytesOfPacked(archive: PackedFiles, location: string): Promise<Uint8Array> {
  if (ArrayBuffer.isView(archive)) {
    return new Uint8Array(archive.buffer, archive.byteOffset, archive.byteLength);
  }
  if (!('arrayBuffer' in archive)) return new Uint8Array(archive);
  try {
    return new Uint8Array(await archive.arrayBuffer());
  } catch (cause) {
    throw new AnyformerError(
      'STORAGE',
      `${location} could not be read (${cause instanceof Error ? cause.message : cause}). Was it moved or changed since it was chosen? Choose it again.`,
      { cause },
    );
  }
}
