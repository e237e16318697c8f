import type { JavaScriptFallback } from './runtime.ts';

/** The least there is: a module without anything in it. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Pages: WebAssembly is forbidden by a policy of the site, or switched off in the browser. */
export const javaScript: JavaScriptFallback = {
  async reason() {
    if (typeof WebAssembly === 'undefined') return 'this browser has WebAssembly switched off';
    try {
      // Safari compiles it under such a policy, but refuses to instantiate it.
      await WebAssembly.instantiate(EMPTY_MODULE);
      return undefined;
    } catch (error) {
      // Edge hosts compile no bytes either, but run the modules that they are given.
      if (!/Content Security Policy|\bCSP\b/i.test(String(error))) return undefined;
      return (
        "the page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its " +
        'script-src'
      );
    }
  },
  load: () => import('#javascript'),
};
