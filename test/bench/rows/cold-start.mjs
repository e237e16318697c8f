import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from 'anyformer';
import { checkAgreement } from '../support/agreement.mjs';
import { alternateStarts, saveArticle, saveSpam } from '../support/coldModels.mjs';
import { median } from '../support/measure.mjs';
import { ortName } from '../support/ort.mjs';
import { probabilitiesOf, softmaxOf } from '../support/probabilities.mjs';
import { engineOptions } from '../support/settings.mjs';

const ROUNDS = 9;
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
  const file = path.join(folder, 'model.onnx');
  const { text, ids } = await saveArticle(folder, file);
  const startOurs = () => run('coldOurs.mjs', [folder, text]);
  const startPeer = () => run('coldOrt.mjs', [file, ids.join(',')]);
  checkAgreement(
    "cold-start: the article's probabilities",
    probabilitiesOf((await startOurs()).scores),
    softmaxOf((await startPeer()).logits),
  );
  const [ours, peer] = await alternateStarts([startOurs, startPeer], ROUNDS, medians);
  return {
    name: "cold-start, article's model",
    ours: ours.milliseconds,
    peers: [{ peerName: ortName, peer: peer.milliseconds }],
    unit: 'ms',
    note: `${sinceProcess(ours)}; the files are in the system's cache`,
  };
}

async function spamStart(folder) {
  const { text, expected } = await saveSpam(folder);
  const startOurs = () => run('coldOurs.mjs', [folder, text]);
  checkAgreement(
    'cold-start: the probabilities of spam',
    expected.map(({ score }) => score),
    (await startOurs()).scores.map(({ score }) => score),
  );
  const [ours] = await alternateStarts([startOurs], ROUNDS, medians);
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

const medians = (messages) => ({
  milliseconds: median(messages.map(({ milliseconds }) => milliseconds)),
  before: median(messages.map(({ before }) => before)),
});

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
