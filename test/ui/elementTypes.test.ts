import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { root } from '../support/builtPackage.ts';

/** Lines marked @ts-expect-error must be refused. */
const EVENTS = `
import type { AnyformerClassifier, ClassifierEvents } from './ui.ts';

const element: AnyformerClassifier = document.createElement('anyformer-classifier');
element.addEventListener('load', ({ detail }) => detail.classifier.labels);
element.addEventListener('prediction', function ({ detail }) {
  const text: string = detail.text;
  const best: number | undefined = detail.scores[0]?.score;
  return [text, best, this.state];
});
const onError = ({ detail }: ClassifierEvents['error']) => console.log(detail.error.code);
element.addEventListener('error', onError, { once: true });
element.removeEventListener('error', onError);
element.addEventListener('click', ({ clientX }) => clientX);
element.addEventListener('a-name-of-the-page', (event: Event) => event.type);
// @ts-expect-error no such detail
element.addEventListener('prediction', ({ detail }) => detail.words);
const asElement: HTMLElement = element;
`;

/** What @types/react 19 has of this, and no more. */
const REACT = `
declare module 'react' {
  interface HTMLAttributes<T> { className?: string; id?: string; onClick?: (event: T) => void }
  type DetailedHTMLProps<E, T> = E & { key?: string | number; ref?: (element: T | null) => void };
  namespace JSX { interface IntrinsicElements { p: HTMLAttributes<HTMLParagraphElement> } }
}
declare module 'react/jsx-runtime' {
  import { JSX as Own } from 'react';
  export namespace JSX { interface IntrinsicElements extends Own.IntrinsicElements {} }
  export function jsx(...args: unknown[]): unknown;
  export function jsxs(...args: unknown[]): unknown;
}
`;
const APP = `
import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { AnyformerClassifier, AnyformerElements } from './ui.ts';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements
      extends AnyformerElements<DetailedHTMLProps<HTMLAttributes<AnyformerClassifier>, AnyformerClassifier>> {}
  }
}

export const good = <anyformer-classifier model="./model" min-score={0.5} label="Text" not-sure="?" worker className="a"
  ref={(element) => element?.reportValidity()} onprediction={({ detail }) => detail.scores} key="1" />;
// @ts-expect-error a number or a text
export const wrong = <anyformer-classifier min-score={true} />;
// @ts-expect-error no such element
export const none = <anyformer-classifer model="./model" />;
`;

/** What the compiler says of these files, as if they were in src. */
function complaintsOf(files: Readonly<Record<string, string>>): string[] {
  const sources = new Map(
    Object.entries(files).map(([name, text]) => [join(root, 'src', name), text]),
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  options.jsx = ts.JsxEmit.ReactJSX;
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? readFile(name);
  host.getSourceFile = (name, version, ...others) => {
    const text = sources.get(name);
    return text === undefined
      ? getSourceFile(name, version, ...others)
      : ts.createSourceFile(name, text, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()]
    .flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

it('types the events of the element, and its attributes for JSX', { timeout: 120_000 }, () => {
  const files = { 'events.ts': EVENTS, 'react.d.ts': REACT, 'app.tsx': APP };
  expect(complaintsOf(files)).toEqual([]);
});
