/**
 * A program that loads the classifier in a folder and labels one text, both given as arguments. It
 * sends the milliseconds since its import, those that Node had taken before it, and the scores.
 */
import { engineOptions } from './settings.mjs';

const start = performance.now();
const { createEngine, TextClassifier } = await import('anyformer');
const [folder, text] = process.argv.slice(2);
// Both at once, as load by itself does.
const [, classifier] = await Promise.all([
  createEngine(engineOptions),
  TextClassifier.load(folder),
]);
const scores = await classifier.predict(text);
process.send({ milliseconds: performance.now() - start, before: start, scores });
