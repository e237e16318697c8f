/**
 * Trains a text classifier on a file of yours, saves it, loads it again and labels a text.
 *
 *   npm install anyformer
 *   node main.mjs                              questions: do they ask for a person, a place or a time?
 *   node main.mjs FILE.jsonl|csv FOLDER TEXT   your file of texts and labels; where to save; what to label
 */
import { fileURLToPath } from 'node:url';
import { AnyformerError, TextClassifier } from 'anyformer';

const QUESTIONS = fileURLToPath(new URL('questions.jsonl', import.meta.url));
const [file = QUESTIONS, folder = 'model', text = 'Who drew the map?'] = process.argv.slice(2);

try {
  await train();
  await predict();
} catch (error) {
  if (!(error instanceof AnyformerError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function train() {
  const classifier = await TextClassifier.create();
  const { heldOut, choice, warnings } = await classifier.train(file, {
    onProgress({ step, totalSteps, message }) {
      if (step === totalSteps) console.log(message);
    },
  });
  console.log(`chosen: ${choice.encoder}; ${choice.reason}`);
  if (heldOut) {
    const [low, high] = heldOut.accuracyInterval.map((share) => share.toFixed(2));
    console.log(`right on held-out texts: ${heldOut.accuracy.toFixed(2)} (${low} to ${high})`);
    console.log(`always '${heldOut.majority.label}': ${heldOut.majority.accuracy.toFixed(2)}`);
  }
  for (const { message } of warnings) console.error(message);
  await classifier.save(folder);
  classifier.dispose();
}

async function predict() {
  const classifier = await TextClassifier.load(folder);
  const [best] = await classifier.predict(text);
  console.log(`${text} ${best.label} (${best.score.toFixed(2)})`);
  classifier.dispose();
}
