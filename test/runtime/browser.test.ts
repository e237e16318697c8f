import { afterEach, describe, expect, it, vi } from 'vitest';
import { runtime } from '../../src/runtime/browser.ts';
import { WASM_FILES } from '../../src/runtime/runtime.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

// The rest is tested where it runs: test/runtimes/threads.
describe('the leaf for browsers', () => {
  it('says what gives a page threads', () => {
    vi.stubGlobal('crossOriginIsolated', false);
    expect(runtime.withoutThreads).toMatch(
      /not cross-origin isolated; serve it with .*Opener-Policy: same-origin and .*Embedder-Policy: require-corp/,
    );
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('Worker', undefined);
    expect(runtime.withoutThreads).toBe('there is no Worker here');
    vi.stubGlobal('Worker', class {});
    expect(runtime.withoutThreads).toBeUndefined();
  });

  it('knows where each file is', async () => {
    for (const file of WASM_FILES) {
      const { pathname } = (await runtime.loadWasm(file)) as URL;
      expect(pathname.endsWith(`/wasm/${file}`)).toBe(true);
    }
  });

  it('has as many threads as the browser tells, or one', () => {
    vi.stubGlobal('navigator', { hardwareConcurrency: 6 });
    expect(runtime.threads!.available()).toBe(6);
    vi.stubGlobal('navigator', {});
    expect(runtime.threads!.available()).toBe(1);
  });

  it('tells by trying whether a thread may sleep', () => {
    expect(runtime.threads!.mayBlock).toBe(true);
    vi.spyOn(Atomics, 'wait').mockImplementationOnce(() => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    });
    expect(runtime.threads!.mayBlock).toBe(false);
  });
});
