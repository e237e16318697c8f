import { AnyformerError, show } from '../core/errors.ts';
import { tagOf } from '../core/tagOf.ts';
import type { OpenStorageOptions } from './openStorage.ts';

/** What an address leads to: a path of the file system, something to fetch, or a scheme of the host. */
export type Address =
  | { readonly kind: 'path'; readonly path: string | URL }
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'scheme'; readonly scheme: string; readonly rest: string };

/**
 * Reads an address. A path without a scheme is one of the file system, or on a page an address
 * relative to it, as for `fetch`.
 *
 * @returns undefined for a path where there is neither a file system nor a page.
 * @throws AnyformerError `INVALID_ARGUMENT` for what is no valid URL.
 */
export function parseAddress(address: string, host: OpenStorageOptions): Address | undefined {
  // Two letters at least: `C:\models` is a path.
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]+):\/*(.*)$/is.exec(address) ?? [];
  if (scheme === undefined) return parsePath(address, host);
  switch (scheme.toLowerCase()) {
    case 'file':
      return parsePath(parseUrl(address), host);
    case 'http':
    case 'https':
    case 'blob':
      return { kind: 'url', url: parseUrl(address) };
  }
  return { kind: 'scheme', scheme: scheme.toLowerCase(), rest: decodePath(rest!) };
}

function parsePath(path: string | URL, host: OpenStorageOptions): Address | undefined {
  if (host.openPath) return { kind: 'path', path };
  const url = typeof path === 'string' ? relativeTo(host.base, path) : undefined;
  return url && { kind: 'url', url };
}

function parseUrl(address: string): URL {
  try {
    return new URL(address);
  } catch (cause) {
    throw new AnyformerError('INVALID_ARGUMENT', `${show(address)} is no valid URL.`, { cause });
  }
}

/** With spaces and the like, which a URL has as %20. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Undefined where it is nothing that http reads: on a page that is a file of its own, say. */
function relativeTo(base: string | undefined, path: string): URL | undefined {
  try {
    const address = new URL(path, base);
    return /^https?:$/.test(address.protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

export function isUrl(value: unknown): value is URL {
  return tagOf(value) === 'URL';
}
