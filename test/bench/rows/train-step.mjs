import { createEngine, TextClassifier, Tokenizer } from 'anyformer';
import * as ourTf from 'anyformer/tf';
import { article, articleFlops, ourTraining, peerTraining } from '../support/article.mjs';
import { median, time } from '../support/measure.mjs';
import { patchNote, peerName, startPeer } from '../support/peer.mjs';
import { profileKernels } from '../support/profile.mjs';
import { threads } from '../support/threads.mjs';

const ROUNDS = 3;
const STEPS_PER_ROUND = 6;

/** A training step of the article's model: ours by TextClassifier.train, the peer's by minimize. */
export async function measure({ progress, report, reportProfile, measurePeak, profile }) {
  const engine = await createEngine({ threads });
  const ours = await ourTraining({ TextClassifier, Tokenizer });
  const peer = peerTraining(await startPeer());
  progress('warm-up');
  await ours.steps(3);
  peer.step();
  const times = { ours: [], peer: [] };
  for (let round = 1; round <= ROUNDS; round++) {
    times.ours.push(...(await ours.steps(STEPS_PER_ROUND)));
    times.peer.push(time(peer.step));
    const last = `${median(times.ours).toFixed(0)} against ${median(times.peer).toFixed(0)} ms`;
    progress(`round ${round} of ${ROUNDS}: ${last}`);
  }
  const milliseconds = median(times.ours);
  const { batchSize, length } = article;
  await report({
    name: `train-step B${batchSize} T${length}`,
    ours: milliseconds,
    peer: median(times.peer),
    peerName,
    unit: 'ms',
    engine,
    gflops: articleFlops() / (milliseconds * 1e6),
    peak: await measurePeak({ relaxed: engine.info().relaxedSimd.enabled }),
    note: `${patchNote}; ours also clips by the global norm, the peer does not`,
  });
  if (profile) {
    reportProfile(await profileKernels(engine, ourTf, () => ours.steps(STEPS_PER_ROUND)));
  }
  ours.dispose();
}
