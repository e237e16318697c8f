// Makes the folder `public`, ready for any static server: the page, the library's script with what it
// loads, and a small model that is trained here.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TextClassifier } from 'anyformer';
import { messages } from './messages.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));
const target = process.argv[2] ?? `${here}public`;
const dist = fileURLToPath(new URL('dist/', import.meta.resolve('anyformer/package.json')));

await rm(target, { recursive: true, force: true });
await mkdir(`${target}/anyformer/runtime`, { recursive: true });

// The script, and beside it what it asks for: the WebAssembly; the program of a thread, on pages
// that are cross-origin isolated; plain JavaScript, where a policy forbids WebAssembly.
for (const file of [
  'anyformer.iife.js',
  'wasm',
  'runtime/browserWorker.js',
  'anyformer.javascript.js',
]) {
  await cp(`${dist}${file}`, `${target}/anyformer/${file}`, { recursive: true });
}

const integrity = JSON.parse(await readFile(`${dist}integrity.json`, 'utf8'));
const page = await readFile(`${here}page.html`, 'utf8');
await writeFile(`${target}/index.html`, page.replace('INTEGRITY', integrity['anyformer.iife.js']));
for (const file of ['page.css', 'page.js']) await cp(`${here}${file}`, `${target}/${file}`);

const classifier = await TextClassifier.create({
  maxLength: 48,
  tokenizer: { type: 'wordpiece', vocabSize: 1000 },
  encoder: { hiddenSize: 32, numHiddenLayers: 1, numAttentionHeads: 4, intermediateSize: 64 },
});
const { logHistory } = await classifier.train(messages, {
  epochs: 20,
  batchSize: 16,
  learningRate: 3e-3,
  // So that it stays in doubt where a message is about two things.
  labelSmoothingFactor: 0.1,
});
await classifier.save(`${target}/model`);
const { loss } = logHistory.at(-1);
console.log(`Trained on ${messages.length} messages to a loss of ${loss.toFixed(3)}: ${target}`);
