import { MemoryStorage, type TextClassifier } from 'anyformer';
import library from 'anyformer/inline?url';
import template from './packedPage.html?raw';
import { MIN_SCORE } from './recipe.ts';

/** Labels that the page names in its first line. */
const NAMED = 6;

/**
 * A classifier as one web page that runs by itself, from a disk or a server: the library with its
 * WebAssembly, and the files of the model as data.
 */
export async function packPage(classifier: TextClassifier): Promise<Blob> {
  const files = new Map<string, Uint8Array>();
  await classifier.save(new MemoryStorage(files));
  const response = await fetch(library);
  if (!response.ok)
    throw Object.assign(new Error(`${response.status} ${library}`), { code: 'STORAGE' });
  const code = withoutExports(await response.text());
  const model = await Promise.all(
    [...files].map(async ([name, bytes]) => [name, await base64Of(bytes)] as const),
  );
  const labels = classifier.labels ?? [];
  const named = labels.slice(0, NAMED).join(', ') + (labels.length > NAMED ? ', …' : '');
  const [start, middle, end] = template
    .replaceAll('@LABELS@', () => escapeHtml(named))
    .replaceAll('@MIN_SCORE@', String(MIN_SCORE))
    .split(/\/\* @LIBRARY@ \*\/|"@MODEL@"/) as [string, string, string];
  const packed = model.flatMap(([name, data], n) => [
    ...(n > 0 ? [','] : []),
    JSON.stringify(name),
    `:"${data}"`,
  ]);
  // In parts: a string of it all would be made for nothing.
  const page = [start, code, middle, '{', ...packed, '}', end];
  return new Blob(page, { type: 'text/html' });
}

/** The library's code within a script of the page, which imports nothing and exports nothing. */
function withoutExports(module: string): string {
  const found = /\nexport\s*\{([^{}]*)\};?\s*(?:\/\/.*\s*)?$/.exec(module);
  if (!found) throw new Error('The inline build does not end with its exports.');
  const names = found[1]!.split(',').map((entry) => {
    const [local, exported = local] = entry.trim().split(/\s+as\s+/);
    return `${exported}:${local}`;
  });
  const code = `${module.slice(0, found.index)}\nglobalThis.anyformer={${names.join(',')}};`;
  // Neither may stand in a script, not even in one of its strings.
  return code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
}

/** The browser's own encoder does it off the page's thread. */
function base64Of(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (sign) => ENTITIES[sign]!);
