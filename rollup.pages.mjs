import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What an import of `name` is instead, where a build chooses for its host. */
export function stands(name, forIt) {
  return {
    name: `stands-${name}`,
    resolveId: (id) => (id === name ? resolve(forIt) : null),
  };
}

/**
 * The leaf for browsers finds the files of `dist` from its own address, which is made here from the
 * script's. A classic script has no import.meta.url, and its address is known only while it runs. A CDN
 * also serves it as `/npm/anyformer`; its files are below `/npm/anyformer/dist/` then.
 */
export function addressOfScript() {
  return {
    name: 'address-of-script',
    intro: `const leafAddress = new URL('runtime/browser.js', globalThis.document
      ? document.currentScript?.src.replace(/\\/anyformer(@[^/]*)?$/, '$&/dist/') || document.baseURI
      : location.href).href;`,
    resolveImportMeta: (property) => (property === 'url' ? 'leafAddress' : null),
  };
}

/** The same for a module. */
export function addressOfModule() {
  return {
    name: 'address-of-module',
    resolveImportMeta: (property) =>
      property === 'url' ? "new URL('runtime/browser.js', import.meta.url).href" : null,
  };
}

/**
 * Replaces `new Worker` by `newWorker` of src/runtime/workerOfOtherOrigin.ts. Only in the builds that a
 * CDN serves, because bundlers look for the words `new Worker(new URL(`.
 */
export function startsWorkersOfOtherOrigins() {
  return {
    name: 'starts-workers-of-other-origins',
    transform(code, id) {
      if (!/\/src\/runtime\/browser(Tasks)?\.ts$/.test(id)) return null;
      const changed = code.replace(/new Worker\((?=new URL)/, 'newWorker(');
      if (changed === code) throw new Error(`${id} starts no worker by its address`);
      return {
        code: `import { newWorker } from './workerOfOtherOrigin.ts';\n${changed}`,
        map: null,
      };
    },
  };
}

const JAVASCRIPT_FILE = './anyformer.javascript.js';

/** In a classic script: the JavaScript backend is a module beside it, and is handed our tfjs. */
export function handsOverTfjs(globalsOfTfjs) {
  const id = '\0javascript:of-script';
  return {
    name: 'hands-over-tfjs',
    resolveId(source) {
      if (source === '#javascript') return id;
      if (source === globalsOfTfjs) return source;
      if (source === JAVASCRIPT_FILE) return { id: source, external: true };
      return null;
    },
    load(source) {
      if (source !== id) return null;
      return `import { globals } from '${globalsOfTfjs}';
export async function createBackend() {
  const { default: within } = await import('${JAVASCRIPT_FILE}');
  return within(globals).createBackend();
}`;
    },
  };
}

/** That module: it defines nothing before it is given the engine and the registry to work with. */
export function takesOverTfjs(globalsOfTfjs) {
  return {
    name: 'takes-over-tfjs',
    load: (id) => (id === globalsOfTfjs ? privateGlobals('ofScript') : null),
    renderChunk: (code) => ({
      code: `export default (ofScript) => {\n${code}\nreturn javascript;\n};`,
      map: null,
    }),
  };
}

/** tfjs-core's global_util: its engine and its registry are where `globals` says. */
export const privateGlobals = (globals) => `
export const globals = ${globals};
export const getGlobalNamespace = () => globals.namespace;
export function getGlobal(key, init) {
  const { map } = globals;
  if (!map.has(key)) map.set(key, init());
  return map.get(key);
}`;

/** `import decode from './x.wasm?inline'`: the file is in the code. */
export function inlineWasm() {
  const SUFFIX = '?inline';
  return {
    name: 'inline-wasm',
    resolveId: (id, importer) => (id.endsWith(SUFFIX) ? join(dirname(importer), id) : null),
    load(id) {
      if (!id.endsWith(SUFFIX)) return null;
      const bytes = readFileSync(id.slice(0, -SUFFIX.length));
      return `export default () =>
  Uint8Array.from(atob('${bytes.toString('base64')}'), (character) => character.charCodeAt(0));`;
    },
  };
}

/** Says what to write in a script tag's `integrity`, and keeps it in dist/integrity.json. */
export function printsIntegrity() {
  return {
    name: 'prints-integrity',
    writeBundle({ file }, bundle) {
      const path = join(dirname(file), 'integrity.json');
      const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
      for (const { fileName, code } of Object.values(bundle)) {
        known[fileName] = `sha384-${createHash('sha384').update(code).digest('base64')}`;
        console.log(`${fileName.padEnd(25)} integrity="${known[fileName]}"`);
      }
      writeFileSync(path, `${JSON.stringify(known, null, 2)}\n`);
    },
  };
}

/** `….wasm?packed` is the file, gzipped, as base64. */
export function packedWasm() {
  const SUFFIX = '?packed';
  return {
    name: 'packed-wasm',
    resolveId: (id, importer) => (id.endsWith(SUFFIX) ? join(dirname(importer), id) : null),
    load(id) {
      if (!id.endsWith(SUFFIX)) return null;
      const packed = gzipSync(readFileSync(id.slice(0, -SUFFIX.length)), { level: 9 });
      return `export default '${packed.toString('base64')}';`;
    },
  };
}

/** Shows readers and tools, which look at the start of lines, that a file is a module. */
export const exportOnItsOwnLine = {
  name: 'export-on-its-own-line',
  renderChunk: (code) => ({ code: code.replace(/export\{[^{}]*\};?\s*$/, '\n$&'), map: null }),
};
