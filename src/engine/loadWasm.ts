import { AnyformerError, show } from '../core/errors.ts';
import {
  type Runtime,
  WASM_FILES,
  type WasmFile,
  type WasmGiven,
  type WasmSource,
} from '../runtime/runtime.ts';
import { compileResponse, isWasmModule } from './wasmModule.ts';

/** A function that returns the WebAssembly for the name of a file: bytes, a module, a response or an address. */
export type GiveWasm = (file: WasmFile) => WasmGiven | Promise<WasmGiven>;

/**
 * WebAssembly files given by the user, each as bytes, a compiled `WebAssembly.Module`, a URL, or a
 * function that gives one of these when the file is needed. An object need not have them all: the
 * others come the host's own way.
 *
 * @example
 * await createEngine({ modules: (file) => new URL(file, 'https://cdn.example/anyformer/') });
 *
 * @example
 * import simd from 'anyformer/wasm/anyformer.simd.wasm';
 * await createEngine({ relaxed: false, modules: { 'anyformer.simd.wasm': simd } });
 */
export type WasmModules = GiveWasm | { readonly [File in WasmFile]?: WasmGiven | GiveWasm };

/** @throws AnyformerError `UNKNOWN_OPTION` for a file that there is not, `INVALID_ARGUMENT`. */
export function checkModules(modules: unknown): void {
  if (typeof modules === 'function') return;
  if (typeof modules !== 'object' || modules === null || isWasm(modules) || isUrl(modules)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      'createEngine: modules must be a function that gives a file by its name, or an object such as ' +
        `{ 'anyformer.simd.wasm': module }, received ${show(modules)}.`,
    );
  }
  for (const [file, given] of Object.entries(modules)) {
    if (!WASM_FILES.some((known) => known === file)) {
      throw new AnyformerError(
        'UNKNOWN_OPTION',
        `createEngine: unknown file ${show(file)} in modules; known are ${WASM_FILES.join(', ')}.`,
      );
    }
    if (given !== undefined && typeof given !== 'function') checkGiven(file, given);
  }
}

function checkGiven(file: string, given: unknown): asserts given is WasmGiven {
  if (isWasm(given) || isUrl(given)) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `createEngine: ${file} must be given as bytes, a WebAssembly.Module, a URL, or a function that ` +
      `gives one of these, received ${show(given)}.`,
  );
}

/**
 * Gets hold of a file: the one that the user gives, else the host's own, of which there may be a
 * second one within the program where the first is not found.
 * @param onUnpacked hears why it is the second one.
 * @throws AnyformerError `ENGINE` when it cannot be had.
 */
export async function loadWasm(
  file: WasmFile,
  modules: WasmModules,
  host: Runtime,
  onUnpacked: (reason: string) => void = () => {},
): Promise<WasmSource> {
  const own = typeof modules === 'function' ? modules : modules[file];
  const chosen = own ?? (() => host.loadWasm(file));
  const found = await attempt(file, async () => {
    const given: unknown = typeof chosen === 'function' ? await chosen(file) : chosen;
    checkGiven(file, given);
    return isUrl(given) ? readAddress(file, given, host) : given;
  }).catch(async (error: AnyformerError) => {
    const unpacked = own === undefined ? await unpack(file, host) : undefined;
    if (unpacked === undefined) throw error;
    onUnpacked(error.message);
    return unpacked;
  });
  return isWasm(found) ? found : attempt(file, () => compileResponse(file, found));
}

/** Whatever `load` fails of becomes an AnyformerError. */
async function attempt<T>(file: WasmFile, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof AnyformerError && cause.code !== 'STORAGE') throw cause;
    throw notLoaded(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** A part of the program that is missing too has nothing to add to what was wrong before. */
const unpack = (file: WasmFile, host: Runtime) => host.unpackWasm?.(file).catch(() => undefined);

async function readAddress(file: WasmFile, url: URL, host: Runtime) {
  // fetch knows no file: in most hosts that have files.
  if (url.protocol === 'file:' && host.openPath) {
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
    const bytes = await host.openPath(new URL('.', url)).read(name);
    return bytes as Uint8Array<ArrayBuffer>;
  }
  const response = await fetch(url);
  const isPage = /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
  if (response.ok && !isPage) return response;
  await response.body?.cancel();
  // Without the query: messages end up in logs, signatures should not.
  const where = `${url.origin}${url.pathname}`;
  throw notLoaded(file, `${where} answered ${isPage ? 'with a web page' : response.status}`);
}

function notLoaded(file: WasmFile, reason: string, cause?: unknown): AnyformerError {
  return new AnyformerError(
    'ENGINE',
    `${file} could not be loaded: ${reason}. It stands in the package's dist/wasm; make it ` +
      'reachable there, or give it through createEngine({ modules }).',
    { cause },
  );
}

// Told by their tags: a value may come from another realm, where instanceof fails.
const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

const isUrl = (value: unknown): value is URL => tagOf(value) === 'URL';

const isWasm = (value: unknown): value is WasmSource =>
  isWasmModule(value) || ArrayBuffer.isView(value) || tagOf(value) === 'ArrayBuffer';
