/**
 * What coldOurs.mjs does, by onnxruntime-web: loads the model in the .onnx file and runs it on the
 * token ids, both given as arguments, the ids with commas. It sends logits.
 */
import { readFile } from 'node:fs/promises';

const start = performance.now();
const { openModel, ort } = await import('./ort.mjs');
const [file, list] = process.argv.slice(2);
const ids = BigInt64Array.from(list.split(','), BigInt);
const session = await openModel(await readFile(file));
const tensor = (values) => new ort.Tensor('int64', values, [1, ids.length]);
const { logits } = await session.run({ ids: tensor(ids), mask: tensor(ids.map(() => 1n)) });
process.send({ milliseconds: performance.now() - start, before: start, logits: [...logits.data] });
