import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/builtPackage.ts';

/** The languages that a reader pastes and runs. Data, output and settings are not among them. */
const LANGUAGES = ['js', 'ts', 'tsx', 'sh', 'html'];

/** Where a snippet runs; without the word it runs in Node. */
const HOSTS = ['browser', 'bundler', 'workerd', 'edge', 'deno', 'bun', 'next'];

/** A block of code in a page, and what the words behind its fence say. */
export interface Snippet {
  /** The page's path in the project, and the line of the first line of code. */
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** `host=workerd`: where it runs. */
  readonly host: string | undefined;
  /** `given=classifier`: what the page takes as there already, by its name in GIVEN. */
  readonly given: string | undefined;
  /** `file=train.mjs`: it is saved under this name, and a later line of a shell runs it. */
  readonly file: string | undefined;
  /** `fragment`: a part of a page of HTML, which another snippet uses. */
  readonly isFragment: boolean;
  /** `check-only: REASON`: it is type-checked and does not run. */
  readonly checkOnly: string | undefined;
}

/** Every Markdown file of the docs, the generated reference aside, and those beside the README. */
export function markdownFiles(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/^(api|\.vitepress)\//.test(file))
    .map((file) => `docs/${file}`);
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.sort()];
}

export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

/**
 * The snippets of a page.
 *
 * @throws Error for a word behind a fence that is not known: a typing error would else leave out a test.
 */
export function snippetsOf(page: string, text = readPage(page)): Snippet[] {
  const snippets: Snippet[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(`{3,})(\w*) *(.*)$/.exec(lines[i]!);
    if (!fence) continue;
    const end = lines.indexOf(fence[1]!, i + 1);
    if (end < 0) throw new Error(`${page}:${i + 1} opens a block of code that nothing closes.`);
    const language = fence[2]!;
    if (LANGUAGES.includes(language)) {
      const code = `${lines.slice(i + 1, end).join('\n')}\n`;
      snippets.push({
        page,
        line: i + 2,
        language,
        code,
        ...wordsOf(fence[3]!, `${page}:${i + 1}`),
      });
    }
    i = end;
  }
  return snippets;
}

type Words = Pick<Snippet, 'host' | 'given' | 'file' | 'isFragment' | 'checkOnly'>;

function wordsOf(info: string, where: string): Words {
  const [before = '', reason] = info.split(/check-only:\s*/);
  if (reason === '') throw new Error(`${where} has check-only without a reason.`);
  const found = { host: undefined, given: undefined, file: undefined, isFragment: false } as {
    -readonly [Word in keyof Words]: Words[Word];
  };
  for (const word of before.split(/\s+/).filter(Boolean)) {
    const [, name, value] = /^(host|given|file)=(\S+)$/.exec(word) ?? [];
    if (word === 'fragment') found.isFragment = true;
    else if (name) found[name as 'host' | 'given' | 'file'] = value;
    else throw new Error(`${where} has the unknown word '${word}' behind its fence.`);
  }
  if (found.host !== undefined && !HOSTS.includes(found.host))
    throw new Error(
      `${where} has the unknown host '${found.host}'; known are ${HOSTS.join(', ')}.`,
    );
  return { ...found, checkOnly: reason };
}

/** What pages take as there already: code that stands before such a snippet. */
export const GIVEN: Readonly<Record<string, string>> = {
  classifier:
    "const classifier = await (await import('anyformer')).TextClassifier.load('./model');",
  generator: "const generator = await (await import('anyformer')).TextGenerator.load('./writer');",
};

/** The code with what it takes as given, in one line so that line numbers stay. */
export function wholeCode({ code, given, page, line }: Snippet): string {
  if (given === undefined) return code;
  const before = GIVEN[given];
  if (before === undefined)
    throw new Error(`${page}:${line} takes '${given}', which is not known.`);
  return `${before} ${code}`;
}
