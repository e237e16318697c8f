import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/builtPackage.ts';
import { markdownFiles, readPage } from './support/snippets.ts';
import {
  anchorsOf,
  commentsOf,
  findRuledOut,
  linksOf,
  proseOf,
  type RuledOut,
  ruledOutBy,
} from './support/wording.ts';

const STYLE = 'docs/style.md';
const table = ruledOutBy(readPage(STYLE));
const texts = [...markdownFiles(), 'CHANGELOG.md', 'docs/llms.txt'];
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file}`)
  .sort();

/** The page that lists the words may use them in its tables. */
const proseIn = (page: string) => {
  const text = readPage(page);
  return proseOf(page === STYLE ? text.replace(/^\|.*$/gm, '') : text);
};

/** What of a file is ruled out, for people. */
const report = (file: string, text: string, rules: readonly RuledOut[]) =>
  findRuledOut(text, rules).map(
    ({ line, word, instead }) => `${file}:${line} '${word}': say ${instead}`,
  );

describe('the words that docs/style.md rules out', () => {
  it('are there', () => {
    expect(table.length).toBeGreaterThan(15);
    expect(new Set(table.map(({ where }) => where))).toEqual(new Set(['texts', 'all']));
  });

  it.each(texts)('are not in %s', (page) => {
    expect(report(page, proseIn(page), table)).toEqual([]);
  });

  it('are not in the comments of src, as far as they are ruled out there', () => {
    const everywhere = table.filter(({ where }) => where === 'all');
    expect(sources.length).toBeGreaterThan(100);
    const found = sources.flatMap((file) => report(file, commentsOf(readPage(file)), everywhere));
    expect(found).toEqual([]);
  });

  it('are found in a bad text, on their lines, and not in its code', () => {
    const rules: RuledOut[] = [
      { words: ['torn', 'told apart'], instead: 'corrupt', where: 'all' },
      { words: ["one's own"], instead: 'your own', where: 'texts' },
    ];
    const markdown = [
      'What is **torn** is refused.',
      'The `torn` flag, [a link](./torn.md) and a thorn are fine.',
      '```js',
      'const torn = 1;',
      '```',
      "On one's own machine they are told",
      'apart.',
    ].join('\n');
    expect(report('bad.md', proseOf(markdown), rules)).toEqual([
      "bad.md:1 'torn': say corrupt",
      "bad.md:6 'told apart': say corrupt",
      "bad.md:6 'one's own': say your own",
    ]);
    const source =
      "const torn = 'torn'; // torn\n/**\n * Is told\n * apart.\n * @example\n * torn()\n */\n";
    expect(report('bad.ts', commentsOf(source), rules)).toEqual([
      "bad.ts:1 'torn': say corrupt",
      "bad.ts:3 'told apart': say corrupt",
    ]);
  });

  it('cannot be ruled out in a place that nobody checks', () => {
    expect(() =>
      ruledOutBy('## Words that are ruled out\n| a | b | c |\n| - | - | - |\n| d | e | f |\n'),
    ).toThrow("'f' is neither texts nor all");
  });
});

describe('the links', () => {
  const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('README.md') && !file.includes('node_modules'))
    .map((file) => `examples/${file}`);

  const deadLinks = (page: string, text: string) =>
    linksOf(text).flatMap(({ line, path, anchor }) => {
      const target = path === '' ? page : join(dirname(page), path);
      const where = `${page}:${line} ${path}${anchor && `#${anchor}`}`;
      if (!existsSync(join(root, target))) return [where];
      if (anchor === '' || statSync(join(root, target)).isDirectory()) return [];
      return anchorsOf(readFileSync(join(root, target), 'utf8')).has(anchor) ? [] : [where];
    });

  it.each([...texts, ...examples])('of %s lead somewhere', (page) => {
    expect(deadLinks(page, readPage(page))).toEqual([]);
  });

  it('are found dead where they are', () => {
    const text =
      '# A title\n[a](#a-title) [b](./nothing.md) [c](#nowhere) [d](../README.md#nowhere)\n' +
      '`[e](./code.md)` [f](https://example.org)';
    expect(deadLinks('docs/faq.md', `${text}`)).toEqual([
      'docs/faq.md:2 #a-title',
      'docs/faq.md:2 ./nothing.md',
      'docs/faq.md:2 #nowhere',
      'docs/faq.md:2 ../README.md#nowhere',
    ]);
    expect(anchorsOf(text)).toEqual(new Set(['a-title']));
  });
});

it('llms.txt lists every page', () => {
  const listed = linksOf(readPage('docs/llms.txt')).map(({ path }) => `docs/${path}`);
  const pages = markdownFiles().filter((page) => /^docs\/(?!index\.md)/.test(page));
  expect(listed.sort()).toEqual(pages.sort());
});
