import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../src');

describe('disposeSymbol', () => {
  it.each(['present', 'absent, as in Safari and in Firefox 140'])(
    'is what a compiled `using` calls, with Symbol.dispose %s',
    async (state) => {
      const { outputFiles } = await build({
        stdin: {
          contents: `
            import { disposeSymbol } from './core/disposal.ts';
            const events = [];
            { using task = { [disposeSymbol]: () => events.push('disposed') }; events.push('used'); }
            globalThis.found = { events, native: Symbol.dispose !== undefined };
          `,
          resolveDir: SOURCE,
        },
        bundle: true,
        format: 'iife',
        target: 'es2022',
        write: false,
      });
      const page = { found: undefined };
      const set = state === 'present' ? "Symbol.dispose ?? Symbol('dispose')" : 'undefined';
      // Where it is there by nature it cannot be taken away, so the page gets a Symbol of its own.
      runInNewContext(
        `{ const native = Symbol; const value = ${set};
          globalThis.Symbol = new Proxy(native, {
            get: (target, name) => (name === 'dispose' ? value : target[name]),
          }); }
        ${outputFiles[0]!.text}`,
        page,
      );
      expect(page.found).toEqual({ events: ['used', 'disposed'], native: state === 'present' });
    },
  );

  it('stands for Symbol.dispose everywhere, which `using` needs as well', async () => {
    const files = await readdir(SOURCE, { recursive: true });
    const found: string[] = [];
    const others = files.filter((name) => name.endsWith('.ts') && !name.endsWith('disposal.ts'));
    expect(others.length).toBeGreaterThan(100);
    for (const file of others) {
      const code = (await readFile(join(SOURCE, file), 'utf8')).replace(
        /^\s*(\*|\/\*|\/\/).*$/gm,
        '',
      );
      if (/Symbol\.(asyncD|d)ispose|\busing \w+ =/.test(code)) found.push(file);
    }
    expect(found).toEqual([]);
  });
});
