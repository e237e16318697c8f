import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';
import { edgeRuntime, startEdgeFunction } from './hosts/edgeRuntime.mjs';
import { entry } from './support/bundle.mjs';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed?.remove());

/** What an edge function answers that is bundled without the condition `edge-light`. */
async function answered(name: 'anyformer' | 'anyformer/inline'): Promise<unknown> {
  const source = `
    import { createEngine, TextClassifier } from '${name}';
    const warnings = [];
    console.warn = (text) => warnings.push(text);
    const tell = ({ code, message }) => ({ code, message });
    export default async () => Response.json({
      engine: await createEngine().then(String, tell),
      task: await TextClassifier.create().then(String, tell),
      warnings,
    });`;
  const runtime = await startEdgeFunction(entry(source, installed.folder));
  return (await runtime.dispatchFetch('http://function/')).json();
}

const title = edgeRuntime.missing ? `, left out: ${edgeRuntime.missing}` : '';
it.skipIf(edgeRuntime.missing).each(['anyformer', 'anyformer/inline'] as const)(
  `an edge function that its bundler gave no modules is told how to give them, by %s${title}`,
  async (name) => {
    const error = {
      code: 'ENGINE',
      message: expect.stringMatching(
        /could not be (loaded|started): .*give .* createEngine\(\{ modules \}\)/,
      ),
    };
    expect(await answered(name)).toEqual({ engine: error, task: error, warnings: [] });
  },
);
