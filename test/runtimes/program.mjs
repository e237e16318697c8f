/**
 * The conformance program: what a user does, from training to dispose(), the same in every runtime.
 *
 * It names no host. A host hands it the package and gives back what it returns, which has to be what
 * Node returns: numbers to four decimals, all else exactly.
 *
 * @param {typeof import('anyformer')} anyformer
 */
export async function program({ createEngine, TextClassifier, TextGenerator }) {
  // Without relaxed SIMD, whose last bits differ between machines. Threads change no bit.
  const engine = await createEngine({ relaxed: false });
  const tensorsBefore = (await engine.info()).tensors;
  const classifier = await TextClassifier.create({
    maxLength: 16,
    tokenizer: { type: 'wordpiece', vocabSize: 150 },
    encoder: {
      hiddenSize: 24,
      numHiddenLayers: 2,
      numAttentionHeads: 3,
      intermediateSize: 40,
      dropout: 0.1,
      pooling: 'mean',
      hiddenAct: 'relu',
    },
    seed: 7,
  });
  const training = await train(classifier);
  const evaluation = await evaluate(classifier);
  const files = new Map();
  await classifier.save(files);
  const again = await TextClassifier.load(files);
  const prediction = await predict(classifier, again);
  again.dispose();
  const abort = await abortAfter(3, classifier);
  classifier.dispose();
  const linear = await byDefault(TextClassifier, { encoder: 'ngrams' }, examples, {});
  const compared = await byDefault(TextClassifier, { maxLength: 16 }, many, { maxSteps: 12 });
  const writing = await write(TextGenerator);
  return {
    runtime: (await engine.info()).runtime,
    results: {
      training,
      evaluation,
      files: Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.length])),
      prediction,
      abort,
      linear,
      compared,
      writing,
      dispose: {
        tensorsLeft: (await engine.info()).tensors - tensorsBefore,
        code: await codeOf(() => classifier.predict('snow')),
      },
      torn: await codeOf(() => TextClassifier.load(torn(files))),
    },
  };
}

/**
 * The same with all of it in a worker.
 *
 * @param {typeof import('anyformer')} anyformer
 */
export async function programInWorker({ createWorker, TextClassifier, TextGenerator }) {
  const worker = await createWorker({ engine: { relaxed: false } });
  const there = (Task) => ({
    create: (options) => Task.create({ ...options, worker }),
    load: (source) => Task.load(source, { worker }),
  });
  const found = await program({
    createEngine: () => worker,
    TextClassifier: there(TextClassifier),
    TextGenerator: there(TextGenerator),
  });
  worker.dispose();
  return found;
}

const WORDS = {
  cold: ['snow', 'ice', 'frost', 'a freezing wind'],
  warm: ['sun', 'a beach', 'heat', 'summer'],
};
const TEXTS = ['snow and frost', 'Sun on the beach!', '', 'ice in the heat of summer'];

/** 80 texts of both labels: 5 batches of 16. */
const examples = Array.from({ length: 80 }, (_, n) => {
  const label = n % 2 ? 'cold' : 'warm';
  const word = WORDS[label][(n >> 1) % 4];
  return { text: `Day ${n % 10} brought ${word} to ${n % 3 ? 'the old town' : 'us'}.`, label };
});

/** Enough different texts for a Transformer to be tried. */
const many = Array.from({ length: 160 }, (_, n) => {
  const { text, label } = examples[n % 80];
  return { text: `${text} No ${n}`, label };
});

const TRAINING = {
  validationSplit: 0,
  batchSize: 16,
  learningRate: 5e-3,
  seed: 3,
  lrSchedulerType: 'linear',
  weightDecay: 0,
};

/** 20 steps. */
async function train(classifier) {
  const losses = [];
  const phases = new Set();
  const result = await classifier.train(examples, {
    ...TRAINING,
    epochs: 4,
    onProgress({ phase, loss }) {
      phases.add(phase);
      if (phase === 'train') losses.push(loss);
    },
  });
  return { losses, phases: [...phases], labels: classifier.labels, globalStep: result.globalStep };
}

/** An n-gram model, alone or compared with a Transformer: how it chooses, what it answers, loaded too. */
async function byDefault(TextClassifier, options, data, training) {
  const classifier = await TextClassifier.create({ ...options, seed: 7 });
  const { choice, used, heldOut, warnings } = await classifier.train(data, {
    ...training,
    seed: 3,
  });
  const files = new Map();
  await classifier.save(files);
  const again = await TextClassifier.load(files);
  const asked = { minScore: 0.6 };
  const scores = await classifier.predict([...TEXTS, 'xyzzy'], asked);
  const found = {
    ...{ choice: choice.encoder, features: used.features, C: used.C },
    warnings: warnings.map(({ code }) => code),
    heldOut: { accuracy: heldOut.accuracy, method: heldOut.method, loss: heldOut.report.loss },
    scores,
    sameLoaded:
      JSON.stringify(await again.predict([...TEXTS, 'xyzzy'], asked)) === JSON.stringify(scores),
  };
  again.dispose();
  classifier.dispose();
  return found;
}

async function evaluate(classifier) {
  const { loss, accuracy, f1, confusionMatrix } = await classifier.evaluate(examples.slice(0, 30));
  return { loss, accuracy, f1, confusionMatrix };
}

async function predict(classifier, loaded) {
  const progress = [];
  const scores = await classifier.predict(TEXTS, {
    onProgress: ({ phase, step, totalSteps }) => progress.push([phase, step, totalSteps]),
  });
  const one = await loaded.predict(TEXTS[0]);
  return {
    scores,
    progress,
    one,
    sameLoaded: JSON.stringify(await loaded.predict(TEXTS)) === JSON.stringify(scores),
  };
}

async function abortAfter(steps, classifier) {
  const controller = new AbortController();
  let seen = 0;
  const code = await codeOf(() =>
    classifier.train(examples, {
      ...TRAINING,
      epochs: 1000,
      signal: controller.signal,
      onProgress({ phase }) {
        if (phase === 'train' && ++seen === steps) controller.abort();
      },
    }),
  );
  return { code, seen, best: (await classifier.predict(TEXTS[0]))[0] };
}

/** What a generator writes after 20 steps: likeliest, drawn, by beams, and as it comes. */
async function write(TextGenerator) {
  const generator = await TextGenerator.create({
    tokenizer: { type: 'characters' },
    decoder: {
      hiddenSize: 24,
      numHiddenLayers: 2,
      numAttentionHeads: 3,
      maxPositionEmbeddings: 24,
    },
    seed: 5,
  });
  const corpus = examples.map(({ text }) => text);
  await generator.train(corpus, { batchSize: 8, maxSteps: 20, learningRate: 1e-2, seed: 2 });
  const drawn = { doSample: true, temperature: 1.2, topP: 0.95, seed: 11, maxNewTokens: 60 };
  let streamed = '';
  for await (const piece of generator.stream('Day', drawn)) streamed += piece;
  const found = {
    loss: (await generator.evaluate(corpus)).loss,
    likeliest: await generator.generate(['Day 3', 'ice'], { maxNewTokens: 12 }),
    drawn: await generator.generate('Day', drawn),
    streamed,
    beams: await generator.generate('Day', { numBeams: 3, maxNewTokens: 12 }),
  };
  generator.dispose();
  return found;
}

/** The files with a bit of the weights fallen over. */
function torn(files) {
  const weights = files.get('model.safetensors').slice();
  weights[weights.length - 1] ^= 1;
  return new Map([...files, ['model.safetensors', weights]]);
}

async function codeOf(act) {
  try {
    await act();
    return 'none';
  } catch (error) {
    return error.code ?? String(error);
  }
}
