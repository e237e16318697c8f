import { createEngine, TextClassifier, Tokenizer } from 'anyformer';
import { article, ourTraining, peerTraining } from '../support/article.mjs';
import { peerHeapBytes, peerName, startPeer } from '../support/peer.mjs';
import { threads } from '../support/threads.mjs';

const MEGABYTE = 2 ** 20;

/** The WebAssembly memory that the training steps of row train-step need: it only ever grows. */
export async function measure({ progress, report }) {
  const engine = await createEngine({ threads });
  progress('ours');
  const ours = await ourTraining({ TextClassifier, Tokenizer });
  await ours.steps(4);
  progress('peer');
  const peerTf = await startPeer();
  const peer = peerTraining(peerTf);
  for (let step = 0; step < 2; step++) peer.step();
  const { batchSize, length } = article;
  await report({
    name: `memory of train-step B${batchSize} T${length}`,
    ours: engine.info().heapBytes / MEGABYTE,
    peer: peerHeapBytes(peerTf) / MEGABYTE,
    peerName,
    unit: 'MB',
    engine,
    note: 'weights, moments, activations and gradients; the most after two steps or more',
  });
  ours.dispose();
}
