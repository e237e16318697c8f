import { AnyformerError } from '../core/errors.ts';
import type { WasmSource } from './runtime.ts';

/**
 * Fetches a WebAssembly file, and compiles it while it arrives where the server gives it the type
 * that streaming needs.
 *
 * @throws AnyformerError `ENGINE` with the address when there is no such file.
 */
export async function fetchWasm(address: URL): Promise<WasmSource> {
  const response = await request(address);
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || type.startsWith('text/html')) {
    await response.body?.cancel();
    const found = response.ok ? 'is a web page' : `was answered with ${response.status}`;
    throw new AnyformerError('ENGINE', `${address} ${found}. ${ADVICE}`);
  }
  if (!/^application\/wasm\b/.test(type)) return response.arrayBuffer();
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (cause) {
    throw new AnyformerError(
      'ENGINE',
      `${address} could not be compiled: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        "A page with a Content-Security-Policy needs 'wasm-unsafe-eval' in its script-src.",
      { cause },
    );
  }
}

const ADVICE =
  "Serve the files of the package's dist/wasm there, or give them with createEngine({ modules }).";

async function request(address: URL): Promise<Response> {
  try {
    return await fetch(address);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnyformerError('ENGINE', `${address} could not be fetched: ${reason}. ${ADVICE}`, {
      cause,
    });
  }
}
