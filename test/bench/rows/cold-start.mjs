import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, TextClassifier } from 'anyformer';
import { loadMails, splitMails } from '../../../examples/spam/mails.mjs';
import { spamOptions } from '../../../examples/spam/options.mjs';
import { checkAgreement } from '../support/agreement.mjs';
import { articleExamples } from '../support/article.mjs';
import { median } from '../support/measure.mjs';
import { ortName } from '../support/ort.mjs';
import { articleModel, attentionKinds } from '../support/ortArticle.mjs';
import { createClassifier } from '../support/ourArticle.mjs';
import { probabilitiesOf, softmaxOf } from '../support/probabilities.mjs';
import { engineOptions } from '../support/settings.mjs';

const ROUNDS = 9;
const LENGTH = 128;
/** What issue 3 asks for. */
const SPAM_BAR = 100;

/** A program of its own each time: from its import to its first prediction of a saved model. */
export async function measure({ progress, report }) {
  const engine = await createEngine(engineOptions);
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  try {
    progress("the article's model");
    await report({ ...(await articleStart(path.join(folder, 'article'))), engine });
    progress('the spam model');
    await report({ ...(await spamStart(path.join(folder, 'spam'))), engine });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function articleStart(folder) {
  const classifier = await createClassifier(LENGTH);
  const examples = articleExamples(2, LENGTH);
  await classifier.train(examples, { maxSteps: 1 });
  await classifier.save(folder);
  classifier.dispose();
  const weights = await readFile(path.join(folder, 'model.safetensors'));
  const file = path.join(folder, 'model.onnx');
  const [kind] = Object.keys(attentionKinds);
  await writeFile(file, articleModel(weights, 1, LENGTH, kind));

  const [{ text, ids }] = examples;
  const startOurs = () => run('coldOurs.mjs', [folder, text]);
  const startPeer = () => run('coldOrt.mjs', [file, ids.join(',')]);
  checkAgreement(
    "cold-start: the article's probabilities",
    probabilitiesOf((await startOurs()).scores),
    softmaxOf((await startPeer()).logits),
  );
  const [ours, peer] = await alternateStarts([startOurs, startPeer]);
  return {
    name: "cold-start, article's model",
    ours: ours.milliseconds,
    peers: [{ peerName: ortName, peer: peer.milliseconds }],
    unit: 'ms',
    note: `${sinceProcess(ours)}; the files are in the system's cache`,
  };
}

async function spamStart(folder) {
  const classifier = await TextClassifier.create(spamOptions.create);
  const { train, test } = splitMails(loadMails());
  await classifier.train(train, { ...spamOptions.train, epochs: undefined, maxSteps: 1 });
  await classifier.save(folder);
  const { text } = test[0];
  const startOurs = () => run('coldOurs.mjs', [folder, text]);
  const expected = await classifier.predict(text);
  checkAgreement(
    'cold-start: the probabilities of spam',
    expected.map(({ score }) => score),
    (await startOurs()).scores.map(({ score }) => score),
  );
  classifier.dispose();
  const [ours] = await alternateStarts([startOurs]);
  return {
    name: 'cold-start, spam model',
    ours: ours.milliseconds,
    peers: [{ peerName: `bar of ${SPAM_BAR} ms`, peer: SPAM_BAR }],
    unit: 'ms',
    note: sinceProcess(ours),
  };
}

const sinceProcess = ({ before }) =>
  `from the import on: Node itself took ${before.toFixed(0)} ms before it`;

/** Medians of what the programs send, started by turns. */
async function alternateStarts(starts) {
  const found = starts.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, start] of starts.entries()) found[i].push(await start());
  }
  return found.map((messages) => ({
    milliseconds: median(messages.map(({ milliseconds }) => milliseconds)),
    before: median(messages.map(({ before }) => before)),
  }));
}

/** Runs a program to its end and gives what it sends. */
function run(name, given) {
  const script = fileURLToPath(new URL(`../support/${name}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(script, given, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let message;
    child.on('message', (received) => {
      message = received;
      child.disconnect();
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (message && code === 0) resolve(message);
      else reject(new Error(`${name} ended with exit code ${code}.`));
    });
  });
}
