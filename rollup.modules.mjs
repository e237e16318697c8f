/**
 * What of tfjs `anyformer` needs, so that the rest is loaded with `anyformer/tf` alone.
 *
 * A chunk holds whole modules. Where a module of tfjs-core is needed in part (`util.js` passes on
 * 64-bit hashes beside what everybody uses) it is divided in two first.
 */
import { readFileSync } from 'node:fs';
import { rollup } from 'rollup';

const CORE = /\/tfjs-core\/dist\/.*\.js$/;
const OWN = '?own';
const REST = '?rest';

/**
 * The modules of which something is left where a program imports `entry` alone, and what those
 * import themselves, so that they can be a chunk which needs no other. An import from a module that
 * passes on what is in others is none of all these.
 *
 * @returns by module: the names of its exports that are used.
 */
export async function modulesOf(entry, source) {
  const imports = new Map();
  const passingOn = new Set();
  const readImports = {
    name: 'read-imports',
    moduleParsed({ id, ast, importedIds }) {
      imports.set(id, importedIds);
      const isReexport = ({ type, source: from }) =>
        /^Export(All|Named)/.test(type) && from != null;
      if (ast.body.some(isReexport)) passingOn.add(id);
    },
  };
  const bundle = await rollup({ ...source, input: entry, plugins: [source.plugins, readImports] });
  const { output } = await bundle.generate({ format: 'es' });
  const left = output
    .flatMap((chunk) => Object.entries(chunk.modules))
    .filter(([, { renderedLength }]) => renderedLength > 0);
  const modules = new Map(left.map(([id, { renderedExports }]) => [id, renderedExports]));
  for (const id of modules.keys()) {
    for (const imported of imports.get(id) ?? []) {
      if (!passingOn.has(imported) && !modules.has(imported)) modules.set(imported, []);
    }
  }
  return modules;
}

/**
 * Divides modules of tfjs-core: `NAME?own` defines the exports in `used`, `NAME?rest` the others, and
 * NAME passes both on.
 *
 * @param used by module: the names of its exports that are used, see {@link modulesOf}.
 */
export function dividesModules(used) {
  return {
    name: 'divides-modules',
    resolveId: (id) => (id.endsWith(OWN) || id.endsWith(REST) ? id : null),
    load(id) {
      const file = id.replace(/\?(own|rest)$/, '');
      const names = CORE.test(file) && used.get(file);
      if (!names || names.length === 0) return null;
      const parts = divide(readFileSync(file, 'utf8'), names, file, (code) => this.parse(code));
      if (!parts) return null;
      if (id === file) return { code: parts.facade };
      return { code: id.endsWith(OWN) ? parts.own : parts.rest, moduleSideEffects: false };
    },
  };
}

/** @returns the code of the three modules; undefined where there is nothing to divide, or no way to. */
function divide(code, used, file, parse) {
  const textOf = ({ start, end }) => code.slice(start, end);
  const imports = [];
  const passedOn = [];
  const statements = [];
  for (const node of parse(code).body) {
    if (node.type === 'ImportDeclaration') imports.push(node);
    else if (
      node.type === 'ExportAllDeclaration' ||
      (node.type === 'ExportNamedDeclaration' && node.source)
    )
      passedOn.push(textOf(node));
    else if (node.type === 'ExportDefaultDeclaration') return undefined;
    else if (node.type === 'ExportNamedDeclaration' && !node.declaration) {
      const imported = node.specifiers.map(({ local }) =>
        imports.find(({ specifiers }) =>
          specifiers.some((other) => other.local.name === local.name),
        ),
      );
      if (imported.includes(undefined)) return undefined;
      passedOn.push(...imported.map(textOf), textOf(node));
    } else statements.push(statementOf(node, textOf(node)));
  }
  // What is not const cannot be written to from another module.
  if (statements.some(({ isVariable }) => isVariable)) return undefined;
  const own = new Set();
  const add = (statement) => {
    if (own.has(statement)) return;
    own.add(statement);
    for (const other of statements) {
      if (other.names.some((name) => statement.words.has(name))) add(other);
    }
  };
  for (const statement of statements) {
    if (statement.names.length === 0 || statement.names.some((name) => used.includes(name))) {
      add(statement);
    }
  }
  const rest = statements.filter((statement) => !own.has(statement));
  if (rest.length === 0 && passedOn.length === 0) return undefined;
  const ownNames = [...own].flatMap(({ names }) => names);
  const exported = [...own].flatMap((statement) => (statement.isExported ? statement.names : []));
  const hidden = ownNames.filter((name) => !exported.includes(name));
  const importsFor = (chosen) =>
    imports
      .filter(({ specifiers }) =>
        specifiers.some(({ local }) => chosen.some(({ words }) => words.has(local.name))),
      )
      .map(textOf);
  const texts = (chosen) => chosen.map(({ text }) => text);
  const from = (part) => JSON.stringify(file + part);
  return {
    own: [...importsFor([...own]), ...texts([...own]), `export { ${hidden.join(', ')} };`].join(
      '\n',
    ),
    rest: [
      ...importsFor(rest),
      `import { ${ownNames.join(', ')} } from ${from(OWN)};`,
      ...texts(rest),
    ].join('\n'),
    facade: [
      `export { ${exported.join(', ')} } from ${from(OWN)};`,
      `export * from ${from(REST)};`,
      ...passedOn,
    ].join('\n'),
  };
}

/** A statement at the top of a module: what it declares, and every word in it. */
function statementOf(node, text) {
  const declaration = node.declaration ?? node;
  const names =
    declaration.type === 'VariableDeclaration'
      ? declaration.declarations.map(({ id }) => id.name)
      : declaration.id
        ? [declaration.id.name]
        : [];
  return {
    text,
    names,
    words: new Set(text.match(/[\w$]+/g)),
    isExported: node.type === 'ExportNamedDeclaration',
    isVariable: declaration.type === 'VariableDeclaration' && declaration.kind !== 'const',
  };
}
