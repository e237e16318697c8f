import { AnyformerError, show, throwIfAborted } from '../core/errors.ts';
import { decodePath, isUrl, parseAddress } from './address.ts';
import type { FileSource } from './fileSource.ts';
import { beginsAsHtml, isHtml, networkError } from './httpResponse.ts';
import type { OpenStorageOptions } from './openStorage.ts';

/** What a file holds, and what tells of which format that is. */
export interface FileContent {
  /** Without its folder; empty where there is none. */
  readonly name: string;
  /** Where it is, for messages. */
  readonly location: string;
  /** The MIME type, without parameters; empty where there is none. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a whole file, wherever it is.
 *
 * @param source a path (on a page: fetched as by `fetch`), an address (`https:`, `file:`, `blob:`, or a
 *   scheme of the host such as `opfs:`), a File or Blob, or bytes.
 * @param host what this runtime adds.
 * @throws AnyformerError `STORAGE` when it cannot be read, `UNSUPPORTED` for a path or scheme that this
 *   runtime does not have, `INVALID_FILE` for a web page instead of a file, `ABORTED` by the signal.
 *
 * @example
 * const { name, bytes } = await readFile('data/tickets.csv', runtime);
 */
export async function readFile(
  source: FileSource,
  host: OpenStorageOptions,
  signal?: AbortSignal,
): Promise<FileContent> {
  if (typeof source === 'string' || isUrl(source)) return readAddress(String(source), host, signal);
  const name = 'name' in source && typeof source.name === 'string' ? source.name : '';
  if (!('arrayBuffer' in source)) {
    return { name, location: 'the bytes', type: '', bytes: bytesOf(source) };
  }
  const location = name || 'the Blob';
  throwIfAborted(signal, `Reading ${location}`);
  const bytes = new Uint8Array(await contentOf(source, location));
  throwIfAborted(signal, `Reading ${location}`);
  return { name, location, type: withoutParameters(source.type), bytes };
}

async function contentOf(blob: Blob, location: string): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnyformerError(
      'STORAGE',
      `${location} could not be read (${reason}). Was it moved or changed since it was chosen? Choose it again.`,
      { cause },
    );
  }
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

async function readAddress(
  address: string,
  host: OpenStorageOptions,
  signal: AbortSignal | undefined,
): Promise<FileContent> {
  if (address.trim() === '') {
    throw new AnyformerError('INVALID_ARGUMENT', "'' is no path; pass that of a file.");
  }
  const found = parseAddress(address, host);
  switch (found?.kind) {
    case 'url':
      return readUrl(found.url, host, signal);
    case 'path': {
      const path = isUrl(found.path) ? decodePath(found.path.pathname) : found.path;
      const bytes = await host.readPath!(found.path, signal);
      return { name: nameOf(path), location: path, type: '', bytes };
    }
    case 'scheme': {
      const open = host.schemes?.[found.scheme];
      if (!open) break;
      const name = nameOf(found.rest);
      const folder = open(found.rest.slice(0, -name.length).replace(/\/$/, ''));
      const bytes = await folder.read(name, { signal });
      return { name, location: address, type: '', bytes };
    }
  }
  const known = ['http', 'https', 'blob', ...Object.keys(host.schemes ?? {})];
  throw new AnyformerError(
    'UNSUPPORTED',
    `${show(address)} cannot be opened by this runtime; pass ${host.readPath ? 'a path, ' : ''}an address (${known.map((scheme) => `${scheme}:`).join(', ')}), a File or Blob, or the data itself.`,
  );
}

async function readUrl(
  url: URL,
  { fetch = globalThis.fetch }: OpenStorageOptions,
  signal: AbortSignal | undefined,
): Promise<FileContent> {
  // Without the query: messages end up in logs, signatures should not.
  const location = url.protocol === 'blob:' ? 'the Blob' : `${url.origin}${url.pathname}`;
  const what = `Reading ${location}`;
  throwIfAborted(signal, what);
  const failed = (cause: unknown) => networkError({ location, signal }, cause);
  const response = await fetch(url, signal ? { signal } : {}).catch((cause: unknown) => {
    throw failed(cause);
  });
  if (!response.ok) throw await refused(location, response);
  if (isHtml(response)) {
    await response.body?.cancel();
    throw webPage(location);
  }
  const content = await response.arrayBuffer().catch((cause: unknown) => {
    throw failed(cause);
  });
  throwIfAborted(signal, what);
  const bytes = new Uint8Array(content);
  if (beginsAsHtml(bytes)) throw webPage(location);
  const name = sentName(response) ?? nameOf(decodePath(url.pathname));
  const type = withoutParameters(response.headers.get('content-type') ?? '');
  return { name: url.protocol === 'blob:' ? '' : name, location, type, bytes };
}

/** The name that a server sends along, of a file that its address does not name. */
function sentName(response: Response): string | undefined {
  const header = response.headers.get('content-disposition') ?? '';
  return /filename="?([^";]+)"?/i.exec(header)?.[1]?.trim();
}

async function refused(location: string, response: Response): Promise<AnyformerError> {
  await response.body?.cancel();
  const next =
    response.status === 404 || response.status === 410
      ? 'There is no such file: check the address.'
      : response.status === 401 || response.status === 403
        ? 'Access is refused: fetch it yourself with the headers it needs, and pass the Blob.'
        : 'Try again later, or look at the server.';
  const status = `${response.status} ${response.statusText}`.trim();
  return new AnyformerError('STORAGE', `${location} answered ${status}. ${next}`);
}

function webPage(location: string): AnyformerError {
  return new AnyformerError(
    'INVALID_FILE',
    `${location} answered with a web page. Pass the address of the file itself: on GitHub that of 'Raw', on Hugging Face …/resolve/main/….`,
  );
}

const nameOf = (path: string) =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const withoutParameters = (type: string) => type.split(';', 1)[0]!.trim().toLowerCase();
