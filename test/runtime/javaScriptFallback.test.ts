import { afterEach, expect, it, vi } from 'vitest';
import { javaScript } from '../../src/runtime/javaScriptFallback.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const refuse = (message: string) =>
  vi
    .spyOn(WebAssembly, 'instantiate')
    .mockRejectedValue(new WebAssembly.CompileError(`WebAssembly.compile(): ${message}`));

it('gives no reason where WebAssembly compiles', async () => {
  expect(await javaScript.reason()).toBeUndefined();
});

// As Chromium, Firefox and Safari word it.
it.each([
  "Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source of script",
  'call to WebAssembly.compile() blocked by CSP',
  "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
])('is a policy that forbids it: %s', async (message) => {
  refuse(message);
  expect(await javaScript.reason()).toMatch(/Content-Security-Policy forbids WebAssembly; add/);
});

it('is a browser without it', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(await javaScript.reason()).toBe('this browser has WebAssembly switched off');
});

it('is no host that takes modules instead of bytes', async () => {
  refuse('Wasm code generation disallowed by embedder');
  expect(await javaScript.reason()).toBeUndefined();
});
