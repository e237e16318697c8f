import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The paths of the pages that llms.txt lists, in its order. */
export function pagesIn(index) {
  return [...index.matchAll(/^- \[[^\]]+\]\(([^)]+\.md)\)/gm)].map(([, path]) => path);
}

/** llms-full.txt: the index, and behind it every page that it lists, each under its path. */
export async function fullText(docs) {
  const index = await readFile(join(docs, 'llms.txt'), 'utf8');
  const pages = pagesIn(index).map(async (path) => {
    const page = await readFile(join(docs, path), 'utf8');
    return `<!-- ${path} -->\n\n${page.trim()}`;
  });
  return `${[index.trim(), ...(await Promise.all(pages))].join('\n\n')}\n`;
}
