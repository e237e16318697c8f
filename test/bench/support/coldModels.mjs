/** The saved models that the rows of cold starts load. */
import { readFile, writeFile } from 'node:fs/promises';
import { TextClassifier } from 'anyformer';
import { loadMails, splitMails } from '../../../examples/spam/mails.mjs';
import { articleExamples } from './article.mjs';
import { articleModel, attentionKinds } from './ortArticle.mjs';
import { createClassifier } from './ourArticle.mjs';
import { spamOptions } from './spamOptions.mjs';

const LENGTH = 128;

/**
 * Saves the article's model into a folder, and as a file of ONNX.
 *
 * @returns a text of its length, and its token ids.
 */
export async function saveArticle(folder, onnxFile) {
  const classifier = await createClassifier(LENGTH);
  const examples = articleExamples(2, LENGTH);
  await classifier.train(examples, { maxSteps: 1 });
  await classifier.save(folder);
  classifier.dispose();
  const weights = await readFile(`${folder}/model.safetensors`);
  const [kind] = Object.keys(attentionKinds);
  await writeFile(onnxFile, articleModel(weights, 1, LENGTH, kind));
  const [{ text, ids }] = examples;
  return { text, ids };
}

/** Saves a model of the spam filter's size. @returns a mail, and the scores that it gives that. */
export async function saveSpam(folder) {
  const classifier = await TextClassifier.create(spamOptions.create);
  const { train, test } = splitMails(loadMails());
  await classifier.train(train, { ...spamOptions.train, epochs: undefined, maxSteps: 1 });
  await classifier.save(folder);
  const { text } = test[0];
  const expected = await classifier.predict(text);
  classifier.dispose();
  return { text, expected };
}

/** Medians of the numbers that several starts report, which are taken by turns. */
export async function alternateStarts(starts, rounds, medianOf) {
  const found = starts.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, start] of starts.entries()) found[i].push(await start());
  }
  return found.map(medianOf);
}
