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

// The script, and the files that it loads: the WebAssembly; the program of the Web Worker; the program
// of a thread, on pages that are cross-origin isolated; plain JavaScript, where a policy forbids
// WebAssembly.
for (const file of [
  'anyformer.iife.js',
  'wasm',
  'runtime/browserTaskWorker.js',
  'runtime/browserWorker.js',
  'anyformer.javascript.js',
]) {
  await cp(`${dist}${file}`, `${target}/anyformer/${file}`, { recursive: true });
}

const integrity = JSON.parse(await readFile(`${dist}integrity.json`, 'utf8'));
const page = await readFile(`${here}page.html`, 'utf8');
await writeFile(`${target}/index.html`, page.replace('INTEGRITY', integrity['anyformer.iife.js']));
for (const file of ['page.css', 'page.js']) await cp(`${here}${file}`, `${target}/${file}`);

const classifier = await TextClassifier.create();
const { heldOut } = await classifier.train(messages);
await classifier.save(`${target}/model`);
const [right, low, high] = [heldOut.accuracy, ...heldOut.accuracyInterval].map((share) =>
  share.toFixed(2),
);
console.log(`Trained on ${messages.length} messages: ${target}`);
console.log(`Right on messages that it had not learned from: ${right} (${low} to ${high})`);
