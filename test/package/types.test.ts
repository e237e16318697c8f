import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage } from '../support/builtPackage.ts';

/** What a user of the package might write; lines marked @ts-expect-error must be refused. */
const CONSUMER = `
import {
  type ActivationOption,
  AnyformerError,
  createEngine,
  type DecoderOptions,
  type EncoderChoice,
  type Engine,
  type ExamplesFound,
  type LabelScore,
  type GiveWasm,
  type LogEntry,
  MemoryStorage,
  type NgramsOptions,
  type PairsFound,
  type Progress,
  type ReadOptions,
  readExamples,
  readPairs,
  splitExamples,
  TextClassifier,
  type TextClassifierOptions,
  type TextExample,
  TextGenerator,
  type TrainVocabularyOptions,
  type TrainingOptions,
  type TrainingWarning,
  Translator,
} from 'anyformer';
import { terminalProgress } from 'anyformer/terminal';
import * as tf from 'anyformer/tf';

const engine: Engine = await createEngine({ relaxed: false });
const bytes: number = engine.info().heapBytes;
// @ts-expect-error no such option
await createEngine({ relax: false });

await createEngine({ modules: (file) => new URL(file, 'https://cdn.example/') });
await createEngine({ modules: { 'anyformer.simd.wasm': () => new Uint8Array(8) } });
// @ts-expect-error no such file
await createEngine({ modules: { 'anyformer.wasm': new Uint8Array(8) } });

const { examples, problems, columns } = await readExamples(['text,label'], {
  format: 'csv',
  text: 'text',
  label: 'label',
});
const found: ExamplesFound = await readExamples('tickets.csv', { labelColumn: 'topic' });
const names: string[] = [columns.text, found.columns.label];
const ofRows: ExamplesFound = await readExamples([{ body: 'a', stars: 1 }]);
const ofFile: PairsFound = await readPairs(new Blob([]), { format: 'tsv', sourceColumn: 'en' });
// @ts-expect-error no such option
await readExamples('tickets.csv', { labelColum: 'topic' });
const rows: number[] = problems.map((problem) => problem.row);
const { train }: { train: Int32Array } = splitExamples(examples, { validationSplit: 0.5, seed: 1 });
const own: TextExample[] = [{ text: 'a', label: ['b', 'c'] }];
// @ts-expect-error a label is a text
own.push({ text: 'a', label: 1 });

const options: TextClassifierOptions = {
  maxLength: 16,
  encoder: { type: 'transformer', hiddenSize: 16, numAttentionHeads: 2 },
};
const classifier = await TextClassifier.create(options);
// @ts-expect-error no such encoder
await TextClassifier.create({ encoder: { type: 'rnn' } });
const onProgress = (progress: Progress): void => console.log(progress.message, progress.loss);
await classifier.train(own, { epochs: 1, onProgress: terminalProgress() });
await classifier.train(own, { epochs: 1, onProgress, signal: AbortSignal.timeout(1000) });
// @ts-expect-error no such option
await classifier.train(own, { epoch: 1 });
const { warnings } = await classifier.train('tickets.csv', { textColumn: 'body', validationData: new URL('a:') });
const codes: readonly TrainingWarning['code'][] = warnings.map((warning) => warning.code);
await classifier.evaluate(new Blob([]), { format: 'csv' });
const generator = await TextGenerator.create();
await generator.train('tales.txt', { validationData: ['the text itself'] });
const translator = await Translator.create();
await translator.train(new File([], 'pairs.tsv'), { sourceColumn: 'en', targetColumn: 'es' });
// @ts-expect-error a translation has no label
await translator.train('pairs.tsv', { labelColumn: 'es' });
const one: LabelScore[] = await classifier.predict('a');
const many: LabelScore[][] = await classifier.predict(['a', 'b'], { topK: 1 });
// @ts-expect-error one text has one list of scores
const wrong: LabelScore[][] = await classifier.predict('a');
const matrix: readonly (readonly number[])[] = (await classifier.evaluate(own)).confusionMatrix ?? [];
const storage = new MemoryStorage();
await classifier.save(storage);
const again: TextClassifier = await TextClassifier.load(storage);
again.dispose();
const code = (error: unknown) => (error instanceof AnyformerError ? error.code : undefined);
// @ts-expect-error no such code
const known: boolean = code(new Error('?')) === 'NOT_A_CODE';

await tf.createEngine();
const model: tf.Sequential = tf.sequential({
  layers: [
    tf.layers.embedding({ inputDim: 20, outputDim: 8 }),
    tf.transformerEncoder({ numHeads: 2, intermediateDim: 8, dropout: 0.1 }),
    tf.maskedGlobalAveragePooling1D(),
    tf.layers.dense({ units: 1, activation: 'sigmoid' }),
  ],
});
model.compile({ optimizer: tf.train.adam(1e-3), loss: 'binaryCrossentropy' });
const x: tf.Tensor2D = tf.tensor2d([[1, 2]], [1, 2], 'int32');
const { history } = await model.fit(x, tf.tensor2d([[1]]), { epochs: 1 });
// @ts-expect-error numHeads is not optional
tf.transformerEncoder({ intermediateDim: 8 });

const named = await TextClassifier.create({ labels: ['ham', 'spam'] });
const [answer] = await named.predict('a');
const name: 'ham' | 'spam' | 'unknown' | undefined = answer?.label;
// @ts-expect-error no such label
const other: boolean = answer?.label === 'eggs';
const long: TrainingOptions = { epochs: 2, lrSchedulerType: 'cosine' };
// @ts-expect-error no such schedule
long.lrSchedulerType = 'cosinus';
const isLoading = (progress: Progress) => progress.phase === 'load';
// @ts-expect-error no such phase
const isPausing = (progress: Progress) => progress.phase === 'pause';
const activation: ActivationOption = 'gelu_pytorch_tanh';
const small: DecoderOptions = { vocabSize: 8, hiddenAct: activation };
// @ts-expect-error no such activation
small.hiddenAct = 'gelly';
const encoder: EncoderChoice = { type: 'bert', hiddenAct: activation };
// @ts-expect-error the tokenizer sets the vocabulary
encoder.vocabSize = 8;
const ngrams: NgramsOptions = { type: 'ngrams', C: 1 };
await TextClassifier.create({ encoder });
await TextClassifier.create({ encoder: ngrams });
const giveWasm: GiveWasm = (file) => new URL(file, 'https://cdn.example/');
await createEngine({ modules: giveWasm });
const reading: ReadOptions = { onProgress: ({ loadedBytes }) => console.log(loadedBytes) };
await storage.read('config.json', reading);
const entries = (log: readonly LogEntry[]) => log.map(({ loss }) => loss);
const size = ({ vocabSize }: TrainVocabularyOptions) => vocabSize;
const attention: tf.MultiHeadAttentionArgs = { numHeads: 2, keyDim: 4 };
tf.multiHeadAttention(attention);
const chained: tf.Tensor = tf.tensor1d([1, 2]).add(1).mean();

export { chained, entries, isLoading, isPausing, long, name, other, size };
export { bytes, code, codes, history, known, many, matrix, names, ofFile, ofRows, one, rows, train, wrong };
`;

const STRICTEST: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  types: [],
  noEmit: true,
  skipLibCheck: false,
};

let installed: InstalledPackage;
let consumer: string;

beforeAll(async () => {
  installed = await installPackage();
  consumer = join(installed.folder, 'consumer.mts');
  await writeFile(consumer, CONSUMER);
});
afterAll(() => installed?.remove());

/** What the compiler finds wrong in the consumer's file, and in the package's own types. */
function problemsWith(resolution: ts.CompilerOptions) {
  const program = ts.createProgram([consumer], { ...STRICTEST, ...resolution });
  const check = (file: ts.SourceFile) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ];
  const files = program.getSourceFiles();
  const ofPackage = files.filter(({ fileName }) => fileName.startsWith(installed.location));
  expect(ofPackage.length).toBeGreaterThanOrEqual(3);
  return {
    options: program.getOptionsDiagnostics().map(describeProblem),
    consumer: check(program.getSourceFile(consumer)!).map(describeProblem),
    types: () => ofPackage.flatMap(check).map(describeProblem),
  };
}

function describeProblem({ file, start, messageText }: ts.Diagnostic): string {
  const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}

describe('the types, for a strict consumer', () => {
  it('hold in Node, down to the last of them', () => {
    const { Node16: module } = ts.ModuleKind;
    const { Node16: moduleResolution } = ts.ModuleResolutionKind;
    const found = problemsWith({ module, moduleResolution });
    expect(found).toMatchObject({ options: [], consumer: [] });
    expect(found.types()).toEqual([]);
  });

  it('hold with a bundler, down to the last of them', () => {
    const { ESNext: module } = ts.ModuleKind;
    const { Bundler: moduleResolution } = ts.ModuleResolutionKind;
    const found = problemsWith({ module, moduleResolution });
    expect(found).toMatchObject({ options: [], consumer: [] });
    expect(found.types()).toEqual([]);
  });
});
