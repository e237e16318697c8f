import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';
import { hosts } from './hosts.mjs';

let installed: InstalledPackage;
let expected: Awaited<ReturnType<(typeof hosts)[number]['run']>>;

beforeAll(async () => {
  installed = await installPackage();
  const program = fileURLToPath(new URL('program.mjs', import.meta.url));
  await copyFile(program, join(installed.folder, 'program.mjs'));
  expected = await hosts[0]!.run(installed.folder);
});
afterAll(() => installed?.remove());

/** What `found` differs in: by more than half of the fourth decimal where it is a number. */
function differences(found: unknown, wanted: unknown, path = 'results'): string[] {
  if (typeof found === 'number' && typeof wanted === 'number') {
    return Math.abs(found - wanted) <= 5e-5 ? [] : [`${path}: ${found}, not ${wanted}`];
  }
  if (typeof found !== 'object' || typeof wanted !== 'object' || !found || !wanted) {
    return found === wanted ? [] : [`${path}: ${String(found)}, not ${String(wanted)}`];
  }
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  return [...names].flatMap((name) =>
    differences(Reflect.get(found, name), Reflect.get(wanted, name), `${path}.${name}`),
  );
}

describe('the conformance program', () => {
  it('has learned, kept and given back what it should have', () => {
    expect(expected.runtime).toBe('node');
    expect(expected.results).toMatchObject({
      training: { phases: ['tokenizer', 'encode', 'train'], globalStep: 20 },
      evaluation: { accuracy: 1 },
      prediction: {
        scores: [[{ label: 'cold' }, {}], [{ label: 'warm' }, {}], {}, {}],
        progress: [['predict', 1, 1]],
        sameLoaded: true,
      },
      abort: { code: 'ABORTED', seen: 3, best: { label: 'cold' } },
      linear: {
        choice: 'ngrams',
        heldOut: { accuracy: 1, method: 'cross-validation' },
        sameLoaded: true,
        scores: {
          2: [{ label: 'unknown', note: 'empty' }, {}, {}],
          4: [{ note: 'unfamiliar' }, {}, {}],
        },
      },
      compared: { choice: expect.stringContaining('ngrams'), sameLoaded: true },
      dispose: { tensorsLeft: 0, code: 'DISPOSED' },
      torn: 'INVALID_FILE',
    });
    const { losses } = Reflect.get(expected.results, 'training');
    expect(losses).toHaveLength(20);
    expect(losses[19]).toBeLessThan(losses[0] / 2);
    const writing = Reflect.get(expected.results, 'writing');
    expect(writing.loss).toBeLessThan(3);
    expect(writing.drawn).toMatch(/^.{60}$/s);
    expect(writing.streamed).toBe(writing.drawn);
  });

  it('would notice another number', () => {
    const { results } = expected;
    const evaluation = { ...Reflect.get(results, 'evaluation') };
    evaluation.loss += 1e-4;
    expect(differences({ ...results, evaluation }, results)).toEqual([
      expect.stringMatching(/^results\.evaluation\.loss: /),
    ]);
  });
});

describe('gives the same numbers, to four decimals, in', () => {
  for (const { name, runtime, missing, run } of hosts) {
    const title = missing ? `${name}, left out: ${missing}` : name;
    it.skipIf(missing)(title, async () => {
      const found = await run(installed.folder);
      expect(differences(found.results, expected.results)).toEqual([]);
      expect(found.runtime).toBe(runtime);
    });
  }
});

describe('gives the very same numbers in a worker as without one in', () => {
  for (const host of hosts) {
    if (!('runInWorker' in host)) continue;
    const { name, missing, run, runInWorker } = host;
    it.skipIf(missing)(missing ? `${name}, left out: ${missing}` : name, async () => {
      expect(await runInWorker(installed.folder)).toEqual(await run(installed.folder));
    });
  }
});
