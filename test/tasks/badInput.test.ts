import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { trainByteLevelBPE } from '../../src/tokenizers/index.ts';
import { aliveNow, expectRefusal, FIT, refusalOf, TINY, textsOf, toyTexts } from './toyTexts.ts';

let before: { tensors: number; bytes: number };
beforeAll(async () => void (await createEngine()));
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

const sixteen = toyTexts(16);
const none = new Map<string, Uint8Array>();
type Row = [what: string, arguments_: readonly unknown[], code: ErrorCode, message: RegExp];

/** What is wrong, the value received, what is allowed. */
const created: Row[] = [
  [
    'unknown option',
    [{ maxLenght: 5 }],
    'UNKNOWN_OPTION',
    /'maxLenght'; did you mean 'maxLength'\? Known are .*maxLength/,
  ],
  ['unknown size', [{ encoder: { heads: 2 } }], 'UNKNOWN_OPTION', /'heads'; known are .*numAtt/],
  ['no object', ['big'], 'INVALID_ARGUMENT', /one options object, received 'big'/],
  [
    'heads that do not divide',
    [{ encoder: { hiddenSize: 64, numAttentionHeads: 5 } }],
    'INVALID_ARGUMENT',
    /numAttentionHeads 5 does not divide hiddenSize 64; use 1, 2, 4, 8, 16, 32 or 64/,
  ],
  [
    'vocabulary of the encoder',
    [{ encoder: { vocabSize: 9 } }],
    'UNKNOWN_OPTION',
    /encoder\.vocabSize follows from the tokenizer.*tokenizer: \{/,
  ],
  ['one label', [{ labels: ['a'] }], 'INVALID_ARGUMENT', /labels must be .*at least two.*\['a'\]/],
  ['a label twice', [{ labels: ['a', 'a'] }], 'INVALID_ARGUMENT', /two different.*\['a', 'a'\]/],
  ['length 0', [{ maxLength: 0 }], 'INVALID_ARGUMENT', /maxLength .*positive integer, received 0/],
  [
    'too few positions',
    [{ maxLength: 64, encoder: { maxPositionEmbeddings: 32 } }],
    'INVALID_ARGUMENT',
    /maxLength 64 is above encoder\.maxPositionEmbeddings 32; lower the one or raise the other/,
  ],
  [
    'unknown tokenizer',
    [{ tokenizer: { type: 'words' } }],
    'INVALID_ARGUMENT',
    /tokenizer\.type must be 'wordpiece' or 'byte-level-bpe', received 'words'/,
  ],
  ['a broken seed', [{ seed: 0.5 }], 'INVALID_ARGUMENT', /seed must be an integer, received 0\.5/],
  ['a rate of 1', [{ encoder: { dropout: 1 } }], 'INVALID_ARGUMENT', /dropout .*received 1/],
];

const trained: Row[] = [
  ['no examples', [[]], 'INVALID_DATA', /empty dataset; pass at least one/],
  [
    'no list',
    [{ text: 'a', label: 'b' }],
    'INVALID_DATA',
    /array of \{ text, label \}, received \{/,
  ],
  ['a number for a text', [[{ text: 5, label: 'a' }]], 'INVALID_DATA', /example 0: text .* is 5/],
  ['a hole', [[...sixteen, undefined]], 'INVALID_DATA', /example 16 must be .* is undefined/],
  ['no label', [[...sixteen, { text: 'a' }]], 'INVALID_DATA', /example 16: label .* is undefined/],
  [
    'one label only',
    [toyTexts(8, ['warm'])],
    'INVALID_DATA',
    /8 examples have only the label 'warm'; a classifier needs at least two/,
  ],
  [
    'lists of labels',
    [[{ text: 'a', label: ['b', 'c'] }]],
    'INVALID_DATA',
    /lists of labels; create the classifier with multiLabel: true/,
  ],
  [
    'a foreign label to validate on',
    [sixteen, { validationData: [{ text: 'a', label: 'warn' }] }],
    'INVALID_DATA',
    /validationData: example 0 has the label 'warn'.*known are 'cold', 'warm'.*mean 'warm'\?/,
  ],
  [
    'rate NaN',
    [sixteen, { learningRate: NaN }],
    'INVALID_ARGUMENT',
    /learningRate .*above 0.* NaN/,
  ],
  [
    'rate 0',
    [sixteen, { learningRate: 0 }],
    'INVALID_ARGUMENT',
    /learningRate .*above 0.*received 0/,
  ],
  ['a split of 1', [sixteen, { validationSplit: 1 }], 'INVALID_ARGUMENT', /validationSplit .*1/],
  [
    'two things to validate on',
    [sixteen, { validationSplit: 0.1, validationData: sixteen }],
    'INVALID_ARGUMENT',
    /validationData and validationSplit 0\.1 both say .*pass one/,
  ],
  [
    'unknown option',
    [sixteen, { epoch: 2 }],
    'UNKNOWN_OPTION',
    /train: unknown option 'epoch'.*epochs/,
  ],
  [
    'two lengths',
    [sixteen, { epochs: 2, maxSteps: 9 }],
    'INVALID_ARGUMENT',
    /epochs 2 and maxSteps 9 both set the length; pass one/,
  ],
  [
    'stopping early by nothing',
    [sixteen, { validationSplit: 0, earlyStoppingPatience: 2 }],
    'INVALID_ARGUMENT',
    /earlyStoppingPatience needs evaluations/,
  ],
  [
    'a weight of no label',
    [sixteen, { classWeight: { wet: 2 } }],
    'INVALID_ARGUMENT',
    /classWeight has a weight for 'wet'.*labels are 'cold', 'warm'/,
  ],
  [
    'no checkpoint',
    [sixteen, { resumeFromCheckpoint: none }],
    'STORAGE',
    /no checkpoint in memory.*leave resumeFromCheckpoint out/,
  ],
  [
    'a rate it diverges with',
    [sixteen, { ...FIT, learningRate: 1e38, maxGradNorm: 0, optimizer: 'sgd', epochs: 20 }],
    'NON_FINITE_LOSS',
    /step \d+.*Lower learningRate/,
  ],
];

describe('TextClassifier.create refuses', () => {
  it.each(created)('%s', async (_, [options], code, message) => {
    await expectRefusal(() => TextClassifier.create(options as object), code, message);
  });

  it('a tokenizer that cannot pad', async () => {
    const tokenizer = await trainByteLevelBPE(textsOf(sixteen), { vocabSize: 260 });
    const message = /create: the tokenizer has no padding token.*'<pad>'/;
    await expectRefusal(() => TextClassifier.create({ tokenizer }), 'INVALID_ARGUMENT', message);
  });
});

describe('TextClassifier.train refuses, and goes on with what is right', () => {
  it.each(trained)('%s', async (_, [examples, options], code, message) => {
    using classifier = await TextClassifier.create(TINY);
    const train = () => classifier.train(examples as never, options as never);
    await expectRefusal(train, code, message);
    if (code !== 'NON_FINITE_LOSS') expect(await aliveNow()).toEqual(before);
    const result = await classifier.train(sixteen, { ...FIT, epochs: 1 });
    expect(result.globalStep).toBe(1);
  });

  it.each<[string, object, ErrorCode, RegExp]>([
    [
      'too small',
      { type: 'wordpiece', vocabSize: 9 },
      'INVALID_ARGUMENT',
      /vocabSize 9 is too small/,
    ],
    [
      'misspelt',
      { type: 'wordpiece', size: 90 },
      'UNKNOWN_OPTION',
      /'size'; known are .*vocabSize/,
    ],
    [
      'without padding',
      { type: 'byte-level-bpe', vocabSize: 300, specialTokens: [] },
      'INVALID_ARGUMENT',
      /no padding token/,
    ],
  ])('a vocabulary that is %s', async (_, tokenizer, code, message) => {
    using classifier = await TextClassifier.create({ ...TINY, tokenizer } as object);
    await expectRefusal(() => classifier.train(sixteen), code, message);
  });

  it('a label that is not among those of create', async () => {
    using classifier = await TextClassifier.create({ ...TINY, labels: ['cold', 'hot'] });
    const message =
      /example 1 has the label 'warm', which is not in the list; known are 'cold', 'hot'/;
    await expectRefusal(() => classifier.train(sixteen), 'INVALID_DATA', message);
    expect(classifier.labels).toEqual(['cold', 'hot']);
  });

  it('a second training at the same time', async () => {
    using classifier = await TextClassifier.create(TINY);
    const first = classifier.train(sixteen, { ...FIT, epochs: 2 });
    const message = /running already; wait for it, or stop it by its signal/;
    await expectRefusal(() => classifier.train(sixteen), 'INVALID_ARGUMENT', message);
    expect((await first).globalStep).toBe(2);
  });
});

describe('TextClassifier in the wrong state', () => {
  const calls: [string, (classifier: TextClassifier) => Promise<unknown>][] = [
    ['predict', (classifier) => classifier.predict('sun')],
    ['evaluate', (classifier) => classifier.evaluate(sixteen)],
    ['save', (classifier) => classifier.save(new Map())],
  ];

  it.each(calls)('%s before train', async (name, call) => {
    using classifier = await TextClassifier.create(TINY);
    const message = new RegExp(`TextClassifier\\.${name} needs a trained model.*train first, or`);
    await expectRefusal(() => call(classifier), 'INVALID_ARGUMENT', message);
  });

  it('after dispose, which may be called twice', async () => {
    const classifier = await TextClassifier.create(TINY);
    await classifier.train(sixteen, { ...FIT, epochs: 1 });
    classifier.dispose();
    classifier.dispose();
    const train = () => classifier.train(sixteen);
    for (const call of [
      ...calls.map(
        ([, run]) =>
          () =>
            run(classifier),
      ),
      train,
    ]) {
      await expectRefusal(call, 'DISPOSED', /disposed of; create or load another/);
    }
  });

  it('disposed of while it predicts, evaluates or trains', async () => {
    const texts = textsOf(toyTexts(40));
    for (const run of [
      (one: TextClassifier) =>
        one.predict(texts, { batchSize: 1, onProgress: () => one.dispose() }),
      (one: TextClassifier) =>
        one.evaluate(toyTexts(40), { batchSize: 1, onProgress: () => one.dispose() }),
      (one: TextClassifier) => one.train(toyTexts(40), { onProgress: () => one.dispose() }),
    ]) {
      const classifier = await TextClassifier.create(TINY);
      await classifier.train(sixteen, { ...FIT, epochs: 1 });
      expect((await refusalOf(() => run(classifier))).code).toBe('DISPOSED');
      expect(await aliveNow()).toEqual(before);
    }
  });
});

describe('a trained TextClassifier refuses', () => {
  let classifier: TextClassifier;
  beforeAll(async () => {
    classifier = await TextClassifier.create(TINY);
    await classifier.train(sixteen, { ...FIT, epochs: 1 });
    return () => classifier.dispose();
  });

  it.each<Row>([
    ['a number', [5], 'INVALID_DATA', /a text or a list of texts, received 5/],
    ['nothing', [], 'INVALID_DATA', /a text or a list of texts, received undefined/],
    ['null among texts', [['a', null]], 'INVALID_DATA', /text at position 1 is null, not a string/],
    ['batches of 0', ['a', { batchSize: 0 }], 'INVALID_ARGUMENT', /batchSize .*received 0/],
    ['half a label', ['a', { topK: 0.5 }], 'INVALID_ARGUMENT', /topK .*received 0\.5/],
    [
      'unknown option',
      ['a', { top: 1 }],
      'UNKNOWN_OPTION',
      /'top'; did you mean 'topK'\? Known are .*topK/,
    ],
  ])('to predict %s', async (_, parameters, code, message) => {
    const [input, options] = parameters as [string, object];
    await expectRefusal(() => classifier.predict(input, options), code, message);
  });

  it.each<Row>([
    ['nothing', [[]], 'INVALID_DATA', /evaluate received an empty dataset/],
    [
      'a foreign label',
      [[{ text: 'a', label: 'x' }]],
      'INVALID_DATA',
      /label 'x'.*known are 'cold'/,
    ],
    ['topK', [sixteen, { topK: 1 }], 'UNKNOWN_OPTION', /evaluate: unknown option 'topK'/],
  ])('to evaluate %s', async (_, parameters, code, message) => {
    const [examples, options] = parameters as [typeof sixteen, object];
    await expectRefusal(() => classifier.evaluate(examples, options), code, message);
  });

  it.each<Row>([
    ['a number', [5], 'INVALID_ARGUMENT', /5 is no place for files; pass a path/],
    [
      'an unknown protocol',
      ['ftp://host/model'],
      'UNSUPPORTED',
      /'ftp:' cannot be opened by this runtime/,
    ],
  ])('to be saved to %s', async (_, [target], code, message) => {
    await expectRefusal(() => classifier.save(target as string), code, message);
  });
});
