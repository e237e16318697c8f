import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import { beginsAsHtml, isHtml, networkError } from './httpResponse.ts';
import { checkFileName, type ReadOptions, type Storage } from './storage.ts';

type Fetch = typeof globalThis.fetch;

/**
 * Files below an http(s) address, to read only: any static file server, or a Hugging Face
 * repository as `https://huggingface.co/<owner>/<name>/resolve/main`.
 *
 * @param address of the folder; its query (a signature, a token) goes along with every file.
 * @param fetch for runtimes and tests with a fetch of their own; one that adds headers, say.
 *
 * @example
 * const classifier = await TextClassifier.load('https://example.org/models/spam');
 */
export class HttpStorage implements Storage {
  readonly location: string;
  readonly #address: URL;
  readonly #fetch: Fetch;

  constructor(address: string | URL, fetch: Fetch = globalThis.fetch) {
    this.#address = new URL(address);
    // Without the query: messages end up in logs, signatures should not.
    this.location = `${this.#address.origin}${this.#address.pathname}`;
    // Called as a plain function: browsers refuse fetch as a method of another object.
    this.#fetch = (input, init) => fetch(input, init);
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(name);
    const { signal, onProgress } = options;
    const response = await this.#request(name, 'GET', signal);
    if (!response.ok) throw await this.#statusError(name, response);
    if (isHtml(response)) {
      await response.body?.cancel();
      throw this.#htmlError(name);
    }
    const bytes = await this.#readBody(name, response, options);
    if (beginsAsHtml(bytes)) throw this.#htmlError(name);
    onProgress?.({ name, loadedBytes: bytes.length, totalBytes: bytes.length });
    return bytes;
  }

  async has(name: string): Promise<boolean> {
    checkFileName(name);
    let response = await this.#request(name, 'HEAD');
    // Some servers know only GET.
    if (response.status === 405 || response.status === 501) {
      response = await this.#request(name, 'GET');
    }
    await response.body?.cancel();
    // A server of a single-page application answers with its start page for what it does not have.
    if (response.ok) return !isHtml(response);
    if (response.status === 404 || response.status === 410) return false;
    throw await this.#statusError(name, response);
  }

  async write(): Promise<void> {
    throw this.#unsupported('write to');
  }

  async list(): Promise<string[]> {
    throw this.#unsupported('list');
  }

  async remove(): Promise<void> {
    throw this.#unsupported('remove from');
  }

  #url(name: string): URL {
    const url = new URL(this.#address);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${encodeURIComponent(name)}`;
    return url;
  }

  async #request(name: string, method: string, signal?: AbortSignal): Promise<Response> {
    throwIfAborted(signal, `Reading ${name}`);
    try {
      return await this.#fetch(this.#url(name), { method, ...(signal && { signal }) });
    } catch (cause) {
      throw this.#networkError(name, signal, cause);
    }
  }

  /** Piece by piece only where somebody is told: the host by itself is faster, and copies less. */
  async #readBody(name: string, response: Response, options: ReadOptions): Promise<Uint8Array> {
    if (options.onProgress) return this.#readPieces(name, response, options);
    try {
      const bytes = new Uint8Array(await response.arrayBuffer());
      throwIfAborted(options.signal, `Reading ${name}`);
      return bytes;
    } catch (cause) {
      throw this.#networkError(name, options.signal, cause);
    }
  }

  async #readPieces(name: string, response: Response, options: ReadOptions): Promise<Uint8Array> {
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const chunks: Uint8Array[] = [];
    let loadedBytes = 0;
    const reader = response.body?.getReader();
    try {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
        throwIfAborted(options.signal, `Reading ${name}`);
        chunks.push(part.value);
        loadedBytes += part.value.length;
        // The length counts compressed bytes where the server compresses: then it means nothing.
        const totalBytes = length >= loadedBytes ? length : undefined;
        options.onProgress?.({ name, loadedBytes, totalBytes });
      }
    } catch (cause) {
      await reader?.cancel(cause).catch(() => undefined);
      throw this.#networkError(name, options.signal, cause);
    }
    const bytes = new Uint8Array(loadedBytes);
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }

  #networkError(name: string, signal: AbortSignal | undefined, cause: unknown): AnyformerError {
    return networkError({ location: this.location, name, signal }, cause);
  }

  async #statusError(name: string, response: Response): Promise<AnyformerError> {
    await response.body?.cancel();
    const next =
      response.status === 404 || response.status === 410
        ? 'There is no such file: the address must be that of the folder that holds it.'
        : response.status === 401 || response.status === 403
          ? 'Access is refused: pass a fetch that adds the needed headers.'
          : 'Try again later, or look at the server.';
    return new AnyformerError(
      'STORAGE',
      `${this.location} answered ${response.status} ${response.statusText} for ${name}. ${next}`,
    );
  }

  #htmlError(name: string): AnyformerError {
    return new AnyformerError(
      'INVALID_FILE',
      `${this.location} answered with a web page instead of ${name}. The address must be that of the folder of files, not of a page about them (for Hugging Face: …/resolve/main).`,
    );
  }

  #unsupported(action: string): AnyformerError {
    return new AnyformerError(
      'UNSUPPORTED',
      `Cannot ${action} ${this.location}: http is for reading only. Save to a directory or a Map and upload the files, or in a browser to 'opfs://…'.`,
    );
  }
}
