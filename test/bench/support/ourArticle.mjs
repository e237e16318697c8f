import { TextClassifier, Tokenizer } from 'anyformer';
import { article, articleExamples, batchOf, tokenizerJson } from './article.mjs';

/** The article's model through the public API, not trained yet. */
export function createClassifier(length, { dropout = article.dropout } = {}) {
  const { hiddenSize, numAttentionHeads, intermediateSize, layerNormEps } = article;
  return TextClassifier.create({
    maxLength: length,
    tokenizer: Tokenizer.fromJSON(tokenizerJson()),
    encoder: {
      type: 'transformer',
      hiddenSize,
      numHiddenLayers: 1,
      numAttentionHeads,
      intermediateSize,
      layerNormEps,
      dropout,
      maxPositionEmbeddings: length,
    },
  });
}

/**
 * Our side of train-step: `steps(n, onStep)` trains n steps and gives the milliseconds of each, and
 * calls `onStep` with the number of those that are done, 0 when they begin.
 */
export async function ourTraining(length) {
  const classifier = await createClassifier(length);
  const { batchSize, learningRate, maxGradNorm } = article;
  const examples = articleExamples(4 * batchSize, length);
  const steps = async (count, onStep) => {
    const times = [];
    let last;
    await classifier.train(examples, {
      // The first one has no beginning that can be seen from outside.
      maxSteps: count + 1,
      ...{ batchSize, learningRate, maxGradNorm, optimizer: 'adamw' },
      onProgress: ({ phase }) => {
        if (phase !== 'train') return;
        const now = performance.now();
        if (last !== undefined) times.push(now - last);
        onStep?.(times.length);
        last = performance.now();
      },
    });
    return times;
  };
  return { steps, dispose: () => classifier.dispose() };
}

const CHECKED_EXAMPLES = 2;
const CHECKED_STEPS = 3;
/** Small enough for the losses to fall evenly: where they jump, rounding alone makes others of them. */
const CHECKED_LEARNING_RATE = 1e-4;

/**
 * What a peer's training has to come to: losses of steps without dropout on one small batch.
 *
 * @param options.maxGradNorm 0 for a peer that does not clip.
 * @returns `files`, the model before them as `save` gives it; `ids` and `labels` of the batch;
 *   `losses`, ours; `steps`, their number; `options` of the training.
 */
export async function trainingToCheck(length, { maxGradNorm = article.maxGradNorm } = {}) {
  const classifier = await createClassifier(length, { dropout: 0 });
  const examples = articleExamples(CHECKED_EXAMPLES, length);
  const { adamEpsilon } = article;
  const learningRate = CHECKED_LEARNING_RATE;
  const train = async (maxSteps) => {
    const { logHistory } = await classifier.train(examples, {
      ...{ maxSteps, learningRate, maxGradNorm, lrSchedulerType: 'constant' },
      ...{ optimizer: 'adamw', adamEpsilon, batchSize: CHECKED_EXAMPLES, loggingSteps: 1 },
    });
    return logHistory.map(({ loss }) => loss);
  };
  // There are no weights before the first step.
  await train(1);
  const files = new Map();
  await classifier.save(files);
  const losses = await train(CHECKED_STEPS);
  classifier.dispose();
  return {
    files,
    losses,
    ...batchOf(examples),
    steps: CHECKED_STEPS,
    options: { dropout: 0, learningRate },
  };
}
