import { createEngine } from 'anyformer';
import { checkAgreement } from '../support/agreement.mjs';
import { alternate, fastestPeer } from '../support/alternate.mjs';
import { article, articleExamples } from '../support/article.mjs';
import { openModel, ort, ortName } from '../support/ort.mjs';
import { articleModel, attentionKinds } from '../support/ortArticle.mjs';
import { createClassifier } from '../support/ourArticle.mjs';
import { probabilitiesOf, softmaxOf } from '../support/probabilities.mjs';
import { engineOptions } from '../support/settings.mjs';

const sizes = [
  { B: 1, T: 128 },
  { B: 32, T: 128 },
  { B: 32, T: 500 },
];

/** A prediction of the article's model: ours from text to labels, the peer's from ids to logits. */
export async function measure(context) {
  const engine = await createEngine(engineOptions);
  for (const { B, T } of sizes) await measureSize(context, engine, B, T);
}

async function measureSize({ progress, report }, engine, B, T) {
  const name = `predict B${B} T${T}`;
  progress(name);
  const examples = articleExamples(Math.max(B, article.labels.length), T);
  const classifier = await createClassifier(T);
  await classifier.train(examples, { maxSteps: 1 });
  const files = new Map();
  await classifier.save(files);
  const texts = examples.slice(0, B).map(({ text }) => text);
  const predict = () => classifier.predict(texts, { batchSize: B });
  const expected = (await predict()).flatMap(probabilitiesOf);

  const ids = examples.slice(0, B).flatMap((example) => example.ids);
  const tensor = (values) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [B, T]);
  const feeds = { ids: tensor(ids), mask: tensor(ids.map(() => 1)) };
  const sides = [];
  for (const kind of Object.keys(attentionKinds)) {
    const model = articleModel(files.get('model.safetensors'), B, T, kind);
    const session = await openModel(model);
    const { logits } = await session.run(feeds);
    checkAgreement(`${name}, ${kind}: the probabilities`, expected, softmaxOf(logits.data));
    const note = `the peer's graph: ${kind}`;
    sides.push({ peerName: ortName, note, call: () => session.run(feeds), session });
  }
  const measured = fastestPeer(await alternate(predict, sides));
  await report({
    name,
    ...measured,
    unit: 'ms',
    engine,
    note: ['ours begins with the text, the peer with token ids', measured.note],
  });
  classifier.dispose();
  for (const { session } of sides) await session.release();
}
