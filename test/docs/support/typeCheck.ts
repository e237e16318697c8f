import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../support/builtPackage.ts';
import { type Snippet, wholeCode } from './snippets.ts';

/** What bundlers, Deno and React add to the types; React's own are no package of this project. */
const AMBIENT = `
declare module '*.wasm?module' { const module: WebAssembly.Module; export default module; }
declare module '*.safetensors' { const bytes: ArrayBuffer; export default bytes; }
declare module '*/config.json' { const bytes: ArrayBuffer; export default bytes; }
declare module 'npm:anyformer' { export * from 'anyformer'; }
declare module 'https://cdn.jsdelivr.net/npm/anyformer/dist/anyformer.browser.js' {
  export * from 'anyformer';
}
declare module 'react' {
  export function createElement(tag: string, properties: { [name: string]: unknown }): unknown;
  export function useEffect(effect: () => void | (() => void), on?: readonly unknown[]): void;
  export function useRef<T>(value: T | undefined): { current: T | undefined };
  export function useState<T>(value: T): [T, (next: T) => void];
}
interface FieldEvent { readonly target: { readonly value: string } }
declare namespace JSX {
  interface IntrinsicElements {
    [tag: string]: { [name: string]: unknown; onChange?: (event: FieldEvent) => unknown };
  }
}
`;

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  allowJs: true,
  checkJs: true,
  jsx: ts.JsxEmit.Preserve,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  typeRoots: [join(root, 'node_modules/@types')],
  types: ['node'],
  noEmit: true,
};

const EXTENSIONS: Readonly<Record<string, string>> = { js: 'mjs', ts: 'mts', tsx: 'tsx' };

/**
 * Type-checks snippets in one program, against the package in `folder`/node_modules.
 *
 * @returns what the compiler finds wrong, by page and line.
 */
export async function typeCheck(snippets: readonly Snippet[], folder: string): Promise<string[]> {
  const place = join(folder, 'checked');
  await mkdir(place, { recursive: true });
  const ambient = join(place, 'ambient.d.ts');
  await writeFile(ambient, AMBIENT);
  const files = new Map<string, Snippet>();
  for (const [n, snippet] of snippets.entries()) {
    const file = join(place, `snippet${n}.${EXTENSIONS[snippet.language]}`);
    files.set(file, snippet);
    await writeFile(file, wholeCode(snippet));
  }
  const program = ts.createProgram([ambient, ...files.keys()], OPTIONS);
  const ofAll = [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics()];
  const found = [...files].flatMap(([file, snippet]) => {
    const source = program.getSourceFile(file)!;
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return diagnostics.map((diagnostic) => {
      const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      return `${snippet.page}:${snippet.line + line} ${textOf(diagnostic)}`;
    });
  });
  return [...ofAll.map(textOf), ...found];
}

const textOf = ({ messageText }: ts.Diagnostic) =>
  ts.flattenDiagnosticMessageText(messageText, ' ');
