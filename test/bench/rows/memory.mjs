import { createEngine } from 'anyformer';
import { article, articleExamples, batchOf } from '../support/article.mjs';
import { ourTraining, trainingToCheck } from '../support/ourArticle.mjs';
import { engineOptions } from '../support/settings.mjs';
import { startTfjs, tfjsHeapBytes, tfjsName } from '../support/tfjs.mjs';
import { tfjsDropout, tfjsTraining } from '../support/tfjsArticle.mjs';

const MEGABYTE = 2 ** 20;

/** The row of sequences of so many tokens. */
export function at(length) {
  return { measure: (context) => measure(context, length) };
}

/**
 * The WebAssembly memory that the training steps of row train-step need, which checks that both
 * train alike. It only ever grows.
 */
async function measure({ progress, report }, length) {
  const engine = await createEngine(engineOptions);
  progress('ours');
  const ours = await ourTraining(length);
  await ours.steps(3);
  const oursBytes = engine.info().heapBytes;
  ours.dispose();
  progress('peer');
  // Weights to begin with; their heap is not counted any more.
  const { files } = await trainingToCheck(length);
  const tf = await startTfjs();
  const { options, note } = tfjsDropout(length);
  const batch = batchOf(articleExamples(article.batchSize, length));
  const { step } = tfjsTraining(tf, files.get('model.safetensors'), batch, options);
  step();
  await report({
    name: `memory of train-step B${article.batchSize} T${length}`,
    ours: oursBytes / MEGABYTE,
    peers: [{ peerName: tfjsName, peer: tfjsHeapBytes(tf) / MEGABYTE, note }],
    unit: 'MB',
    engine,
    note: 'the whole heap after steps: weights, moments, activations and gradients',
  });
}
