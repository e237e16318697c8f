import { AnyformerError } from '../core/errors.ts';
import type { WasmFile, WasmSource } from '../runtime/runtime.ts';

/** Whether a value is a compiled module. By its tag: `instanceof` fails across realms. */
export function isWasmModule(value: unknown): value is WebAssembly.Module {
  return Object.prototype.toString.call(value) === '[object WebAssembly.Module]';
}

/**
 * Instantiates bytes or a compiled module.
 * @throws AnyformerError `ENGINE` when the file is no WebAssembly this host can run.
 */
export async function instantiate(
  file: WasmFile,
  source: WasmSource,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance> {
  try {
    if (isWasmModule(source)) return await WebAssembly.instantiate(source, imports);
    return (await WebAssembly.instantiate(source, imports)).instance;
  } catch (cause) {
    throw couldNotStart(file, cause);
  }
}

/** Compiles bytes; a module is given back as it is. @throws AnyformerError `ENGINE`. */
export async function compile(file: WasmFile, source: WasmSource): Promise<WebAssembly.Module> {
  if (isWasmModule(source)) return source;
  try {
    return await WebAssembly.compile(source);
  } catch (cause) {
    throw couldNotStart(file, cause);
  }
}

/** Compiles what a server answered, as it arrives where the server calls it WebAssembly. */
export async function compileResponse(
  file: WasmFile,
  response: Response,
): Promise<WebAssembly.Module> {
  const type = response.headers.get('content-type') ?? '';
  if (!/^application\/wasm\b/i.test(type) || !WebAssembly.compileStreaming) {
    return compile(file, await response.arrayBuffer());
  }
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (cause) {
    throw couldNotStart(file, cause);
  }
}

function couldNotStart(file: WasmFile, cause: unknown): AnyformerError {
  return new AnyformerError(
    'ENGINE',
    `${file} could not be started: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      'Check that the file is complete and that this runtime supports WebAssembly SIMD. Where bytes ' +
      'may not be compiled (edge runtimes), give a WebAssembly.Module: createEngine({ modules }).',
    { cause },
  );
}
