import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The house rule: imports point down only. A room may import the rooms in its row, and itself.
 * Rooms that stand beside each other do not see one another unless a row says so.
 */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  runtime: ['core', 'storage'],
  engine: ['core', 'runtime'],
  kernels: ['core', 'engine'],
  layers: ['core', 'engine', 'kernels'],
  models: ['core', 'engine', 'kernels', 'layers', 'formats'],
  data: ['core', 'formats'],
  tokenizers: ['core'],
  formats: ['core'],
  storage: ['core', 'formats'],
  train: ['core', 'engine', 'kernels', 'data', 'formats', 'storage'],
  tasks: [
    'core',
    'engine',
    'kernels',
    'layers',
    'models',
    'data',
    'tokenizers',
    'formats',
    'storage',
    'train',
    'runtime',
    'worker',
  ],
  worker: ['core', 'engine', 'runtime', 'storage', 'tokenizers'],
  cli: ['core', 'kernels', 'models', 'data', 'formats', 'storage', 'train', 'tasks'],
  ui: ['core', 'tasks'],
};

/** The only rooms that may name a host's own API. */
const HOST_ROOMS = ['runtime', 'storage', 'cli'];

const source = fileURLToPath(new URL('../../src', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();

const importsOf = (file: string) =>
  [...readFileSync(join(source, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    (match) => match[1]!,
  );

describe('imports point down only', () => {
  test('the source tree is found', () => expect(files.length).toBeGreaterThan(10));

  test.each(files)('%s', (file) => {
    const room = file.includes('/') ? file.split('/')[0]! : undefined;
    // The files directly in src are the public surface and may re-export any room.
    if (room === undefined) return;
    expect(Object.keys(MAY_IMPORT), `src/${room} is no room of the house`).toContain(room);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('node:')) {
        expect(HOST_ROOMS, `${file} imports ${specifier}`).toContain(room);
      }
      if (!specifier.startsWith('.')) continue;
      if (specifier.startsWith('../../dist/wasm/')) {
        expect(room, `${file} imports ${specifier}`).toBe('runtime');
        continue;
      }
      const target = normalize(join(dirname(file), specifier)).split('/')[0]!;
      expect([room, ...MAY_IMPORT[room]!], `${file} imports ${specifier}`).toContain(target);
    }
  });
});
