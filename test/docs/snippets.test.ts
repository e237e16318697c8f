import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/builtPackage.ts';
import { Reader } from './support/reader.ts';
import { markdownFiles, type Snippet, snippetsOf } from './support/snippets.ts';
import { typeCheck } from './support/typeCheck.ts';

// Every snippet of the pages is type-checked. Those of Node and of a shell are run here, page by page
// and from top to bottom, as a reader would; those of other hosts in snippetHosts.test.ts. The words
// behind a fence are explained in support/snippets.ts.

const pages = markdownFiles();
const snippets = pages.flatMap((page) => snippetsOf(page));
const isCode = ({ language }: Snippet) => ['js', 'ts', 'tsx'].includes(language);

/** Lines of a shell that do not run here, and why. Any other must succeed. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npm (install|create) |^npm ci |^bun add /, 'needs the registry; test/package/install.test.ts'],
  [/^npm run \S+/, "the project's own command; that there is one is checked below"],
  [/^npm start/, 'test/examples/spam.test.ts'],
  [/^node examples\//, 'test/examples'],
  [/^npx wrangler |^curl localhost:8787 /, 'test/examples/edgeWorker.test.ts, in workerd'],
  [/^(deno run|bun) .*main\.ts$/, 'snippetHosts.test.ts, in Deno and Bun'],
  [/^npx anyformer demo$/, 'serves until it is stopped'],
  [/^cd my-app$/, 'the folder that npm create makes'],
];

/** What the programs of a page print, as far as the page says it. */
const PRINTED: Readonly<Record<string, readonly RegExp[]>> = {
  'docs/start/node.md': [/^right on held-out rows: [\d.]+ \[/m, /^positive 0\.\d+$/m],
  'docs/guide/csv-to-app.md': [
    /^\d+ rows of use, 1 without text or label$/m,
    /^ngrams: /m,
    /^accuracy [\d.]+, 95 % interval [\d.]+ to [\d.]+$/m,
  ],
  'docs/guide/classify.md': [/^unknown unfamiliar$/m, /^AbortError$/m],
  'docs/guide/command-line.md': [/^Usage: anyformer train/m, /^Once upon a time/m],
  'docs/guide/layers.md': [/^\[ 8, 1 \]$/m],
  'docs/guide/errors.md': [/no-such-folder/],
};

let reader: Reader;
beforeAll(async () => {
  reader = await Reader.create();
}, 120_000);
afterAll(() => reader?.remove());

/** The lines of a shell, without their comments. */
const linesOf = ({ code }: Snippet) =>
  code
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');

async function follow(page: string): Promise<string> {
  const folder = await reader.open(page);
  let printed = '';
  for (const snippet of snippetsOf(page)) {
    if (snippet.host !== undefined || snippet.checkOnly !== undefined) continue;
    const where = `${page}:${snippet.line}`;
    if (isCode(snippet)) {
      const finished = await reader.run(snippet, folder);
      if (!finished) continue;
      expect({ where, code: finished.code, stderr: finished.stderr }).toEqual({
        where,
        code: 0,
        stderr: '',
      });
      printed += finished.stdout;
    }
    if (snippet.language !== 'sh') continue;
    for (const line of linesOf(snippet)) {
      if (NOT_RUN.some(([pattern]) => pattern.test(line))) continue;
      const { code, stdout, stderr } = await reader.runLine(line, folder);
      expect({ where, line, code, stderr: code === 0 ? '' : stderr }).toEqual({
        where,
        line,
        code: 0,
        stderr: '',
      });
      printed += stdout;
    }
  }
  return printed;
}

describe('the snippets', () => {
  it('are there', () => {
    expect(snippets.filter(isCode).length).toBeGreaterThan(50);
  });

  it('hold for a strict compiler, who refuses a wrong one', { timeout: 120_000 }, async () => {
    const text = "```js\nimport { TextClassifier } from 'anyformer';\nnew TextClassifier(1);\n```";
    const wrong = snippetsOf('wrong.md', text);
    const found = await typeCheck([...snippets.filter(isCode), ...wrong], reader.folder);
    expect(found).toEqual([expect.stringMatching(/^wrong\.md:3 /)]);
  });

  it('have no words behind their fences but those that are known', () => {
    expect(() => snippetsOf('bad.md', '```js no-run\n```')).toThrow("unknown word 'no-run'");
    expect(() => snippetsOf('bad.md', '```js check-only:\n```')).toThrow('without a reason');
    expect(() => snippetsOf('bad.md', '```js host=moon\n```')).toThrow("unknown host 'moon'");
    expect(() => snippetsOf('bad.md', '```js\n')).toThrow('nothing closes');
  });

  it('say which of them are only type-checked', () => {
    const unchecked = snippets.flatMap(({ page, line, checkOnly, host }) => {
      const reason = checkOnly ?? (host === 'next' ? 'needs Next.js' : undefined);
      return reason === undefined ? [] : [`${page}:${line} ${reason}`];
    });
    console.info(`only type-checked:\n${unchecked.join('\n')}`);
    expect(unchecked.length).toBeLessThan(snippets.length / 10);
  });

  it('name scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/npm run ([\w:]+)/g)].map(
        ([, name]) => name!,
      ),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });
});

const runInNode = (page: string) =>
  snippetsOf(page).some(
    ({ host, checkOnly, language }) => !host && !checkOnly && language !== 'html',
  );

describe('a reader in Node', () => {
  it.each(pages.filter(runInNode))('follows %s', { timeout: 120_000 }, async (page) => {
    const printed = await follow(page);
    for (const pattern of PRINTED[page] ?? []) expect(printed).toMatch(pattern);
  });
});
