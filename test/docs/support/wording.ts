import ts from 'typescript';

/** A word or phrase that is ruled out, what to say in its place, and where that is checked. */
export interface RuledOut {
  readonly words: readonly string[];
  readonly instead: string;
  readonly where: 'texts' | 'all';
}

export interface Finding {
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

/** The table of ruled out words of docs/style.md. */
export function ruledOutBy(style: string): RuledOut[] {
  const section = style.split('## Words that are ruled out')[1] ?? '';
  const rows = [...section.matchAll(/^\|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)].slice(2);
  return rows.map(([row, words, instead, where]) => {
    const place = where!.trim();
    if (place !== 'texts' && place !== 'all')
      throw new Error(`'${place}' is neither texts nor all: ${row}`);
    const list = words!.split(',').map((word) => word.trim());
    return { words: list, instead: instead!.trim(), where: place };
  });
}

const blank = (text: string) => text.replace(/[^\n]/g, ' ');

/** A Markdown text with its code, its addresses and its comments blanked, line for line. */
export function proseOf(markdown: string): string {
  return markdown
    .replace(/^(`{3,})[\s\S]*?^\1$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/`[^`\n]+`/g, blank)
    .replace(/\]\([^)]*\)/g, (link) => `]${' '.repeat(link.length - 1)}`);
}

/** The comments of a source file without their code, each in its line; all else is blank. */
export function commentsOf(source: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard);
  scanner.setText(source);
  let text = '';
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const isComment =
      kind === ts.SyntaxKind.SingleLineCommentTrivia ||
      kind === ts.SyntaxKind.MultiLineCommentTrivia;
    const token = scanner.getTokenText();
    text += isComment ? token.replace(/@example[\s\S]*?(?=\n\s*\*\s*@|$)/g, blank) : blank(token);
  }
  // A phrase may go on in the next line of a comment.
  return text.replace(/`[^`\n]+`/g, blank).replace(/^(\s*)(\*|\/\/)/gm, '$1 ');
}

const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s+');

/** What of a text is ruled out. */
export function findRuledOut(text: string, table: readonly RuledOut[]): Finding[] {
  return table
    .flatMap(({ words, instead }) =>
      words.flatMap((word) => {
        const pattern = new RegExp(`(?<![\\w-])${escaped(word)}(?![\\w-])`, 'gi');
        return [...text.matchAll(pattern)].map(({ index }) => ({
          line: text.slice(0, index).split('\n').length,
          word,
          instead,
        }));
      }),
    )
    .sort((a, b) => a.line - b.line);
}

/** The anchors of a page's headings, as GitHub and VitePress make them. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  const slug = (heading: string) =>
    heading
      .replace(/[`*]|\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set([...headings].map(([, heading]) => slug(heading!)));
}

/** The links of a page to files and anchors of the project; the generated reference is left out. */
export function linksOf(markdown: string): { line: number; path: string; anchor: string }[] {
  const text = markdown.replace(/^(`{3,})[\s\S]*?^\1$/gm, blank).replace(/`[^`\n]+`/g, blank);
  const links = text.matchAll(/(?<=\]\()(?!https?:|mailto:|\/api\/)([^)#\s]*)(?:#([^)\s]*))?\)/g);
  return [...links].map(({ index, 1: path = '', 2: anchor = '' }) => ({
    line: text.slice(0, index).split('\n').length,
    path,
    anchor,
  }));
}
