import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEngine } from 'anyformer';
import * as ourTf from 'anyformer/tf';
import { checkAgreement } from '../support/agreement.mjs';
import { toMeasured } from '../support/alternate.mjs';
import { article, articleExamples, articleFlops, batchOf } from '../support/article.mjs';
import { time } from '../support/measure.mjs';
import { ourTraining, trainingToCheck } from '../support/ourArticle.mjs';
import { profileKernels } from '../support/profile.mjs';
import { takeRounds } from '../support/rounds.mjs';
import { engineOptions } from '../support/settings.mjs';
import { patchNote, startTfjs, tfjsName } from '../support/tfjs.mjs';
import { tfjsDropout, tfjsTraining } from '../support/tfjsArticle.mjs';
import { startTorch } from '../support/torch.mjs';

/** The rows of sequences of so many tokens; at 500 a step of tfjs takes half a minute. */
export function at(length) {
  const turns =
    length < 256
      ? { rounds: 12, seconds: 150, atOnce: 2, steps: 6 }
      : { rounds: 8, seconds: 240, atOnce: 1, steps: 3 };
  return { measure: (context) => measure(context, length, turns) };
}

/** A training step of the article's model: ours by TextClassifier.train, the peers' by hand. */
async function measure(context, length, turns) {
  const engine = await createEngine(engineOptions);
  const peers = await startPeers(context.progress, length);
  const ours = await ourTraining(length);
  try {
    const measured = await takeTurns(ours, peers, turns, context.progress);
    await context.report({
      name: `train-step B${article.batchSize} T${length}`,
      ...measured,
      unit: 'ms',
      engine,
      gflops: articleFlops(length) / (measured.ours * 1e6),
    });
    await reportOverhead(context, engine, ours, length, turns);
  } finally {
    for (const peer of peers) peer.stop?.();
    ours.dispose();
  }
}

/** Peers that train as ours does, which is checked. `steps(n)` gives the milliseconds of each. */
async function startPeers(progress, length) {
  progress('checking');
  const batch = batchOf(articleExamples(article.batchSize, length));
  const tfjs = await startTfjsPeer(length, batch);
  const torch = await startTorchPeer(progress, length, batch);
  return torch ? [tfjs, torch] : [tfjs];
}

async function startTfjsPeer(length, batch) {
  const check = await trainingToCheck(length, { maxGradNorm: 0 });
  const { options, note } = tfjsDropout(length);
  const tf = await startTfjs();
  const weights = check.files.get('model.safetensors');
  const checked = tfjsTraining(tf, weights, check, check.options);
  const losses = Array.from({ length: check.steps }, checked.step);
  checked.dispose();
  checkAgreement('train-step: the losses of ours and tfjs', check.losses, losses);
  const { step } = tfjsTraining(tf, weights, batch, options);
  step();
  return {
    peerName: tfjsName,
    note: [patchNote, 'ours also clips by the global norm, tfjs does not', note]
      .filter(Boolean)
      .join('; '),
    // One is enough: it takes as long as ours does in ten or more.
    isLong: true,
    steps: () => [time(step)],
  };
}

async function startTorchPeer(progress, length, batch) {
  const torch = await startTorch(progress);
  if (torch === undefined) return undefined;
  const check = await trainingToCheck(length);
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const weights = path.join(folder, 'model.safetensors');
  await writeFile(weights, check.files.get('model.safetensors'));
  const create = ({ ids, labels }, options) =>
    torch.ask({ create: { ...article, weights, ids, labels, ...options } });
  await create(check, check.options);
  const { losses } = await torch.ask({ steps: check.steps });
  checkAgreement('train-step: the losses of ours and PyTorch', check.losses, losses);
  await create(batch);
  await rm(folder, { recursive: true });
  await torch.ask({ steps: 2 });
  return {
    peerName: torch.name,
    note: 'the same model, dropout, clipping and AdamW',
    // As of ours, the first one does not count: it finds the caches cold.
    steps: async (count) => (await torch.ask({ steps: count + 1 })).times.slice(1),
    stop: torch.stop,
  };
}

/** Few steps at once, ours and the peers' in turns. */
async function takeTurns(ours, peers, { atOnce, ...turns }, progress) {
  progress('warm-up');
  await ours.steps(2);
  const sides = [ours, ...peers].map(({ steps, isLong }) => ({
    take: () => steps(atOnce),
    isLong,
  }));
  const onRound = (medians) =>
    progress(`${medians.map((ms) => ms.toFixed(0)).join(' ms against ')} ms`);
  const { medians, ...rest } = await takeRounds(sides, { ...turns, onRound });
  return { ...toMeasured(medians, peers), ...rest };
}

/** A step against the sum of the kernels of ours in it: what all the rest costs. */
async function reportOverhead(context, engine, ours, length, { steps }) {
  const { total, kernels, text } = await profileKernels(engine, ourTf, ours.steps, steps);
  await context.report({
    name: `train-step B${article.batchSize} T${length}, the whole`,
    ours: total,
    peers: [{ peerName: 'the sum of our kernels in it', peer: kernels }],
    unit: 'ms',
    engine,
    note: 'with watches around every kernel, in steps of their own; the sum leaves out the kernels of tfjs and the glue',
  });
  if (context.profile) context.reportProfile(text);
}
