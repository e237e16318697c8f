import { describe, expect, it } from 'vitest';
import { ownOptionsOf } from '../../src/cli/command.ts';
import { train } from '../../src/cli/commands/train.ts';
import { withFlagNames } from '../../src/cli/flagNames.ts';
import { boolean, named, number, text } from '../../src/cli/options.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { Translator } from '../../src/tasks/translator.ts';
import { errorOf } from '../support/errorOf.ts';

const options = {
  data: text(''),
  epochs: number(''),
  maxSteps: number(''),
  labels: text(''),
  multiLabel: boolean(''),
  shuffle: boolean(''),
  learningRate: number(''),
  maxLength: number(''),
  hiddenSize: number(''),
  maxPositionEmbeddings: number(''),
  encoder: named('encoder.type', text('')),
  resume: named('resumeFromCheckpoint', boolean('')),
};

describe('messages of the library', () => {
  it.each([
    [
      'TextClassifier.train: learningRate must be a finite number above 0, received -1.',
      '--learning-rate must be a finite number above 0, received -1.',
    ],
    [
      "TextClassifier.create: encoder: type must be 'transformer' or 'bert', received 'brt'.",
      "--encoder must be 'transformer' or 'bert', received 'brt'.",
    ],
    ['TextClassifier.create: encoder: hiddenSize must be 4.', '--hidden-size must be 4.'],
    ['Translator.create: encoder.hiddenSize must be 4.', '--hidden-size must be 4.'],
    [
      'TextClassifier.create: maxLength 9 is above encoder.maxPositionEmbeddings 8; lower the one.',
      '--max-length 9 is above --max-position-embeddings 8; lower the one.',
    ],
    [
      'TextClassifier.train: epochs 3 and maxSteps 5 both set the length.',
      '--epochs 3 and --max-steps 5 both set the length.',
    ],
    [
      'A text has several labels; pass multiLabel: true, or shuffle: false.',
      'A text has several labels; pass --multi-label, or shuffle: false.',
    ],
    ['It is cut; pass maxLength: 128.', 'It is cut; pass --max-length 128.'],
    ['Start anew without resumeFromCheckpoint.', 'Start anew without --resume.'],
    [
      "TextClassifier.create: unknown option 'x'; known are epochs, maxLength, onProgress.",
      "unknown option 'x'; known are --epochs, --max-length.",
    ],
    ['trainWordPiece: maxLength must be 3.', '--max-length must be 3.'],
  ])('%s', (message, expected) => {
    expect(withFlagNames(message, options)).toBe(expected);
  });

  it.each([
    "The label 'maxLength' isn't known; known are 'learningRate', 'data'.",
    "The text 'don't set maxLength' is too long.",
    'Look at the data and the labels.',
    'models/maxLength/config.json does not exist.',
    'maxLength.csv: There is no column "maxLength".',
    'Films.csv: There is no column.',
    'format is not known; known are data, epochs.',
    'Name it by --max-length; the model has encoder.other and other.maxLength.',
  ])('leaves alone: %s', (message) => {
    expect(withFlagNames(message, options)).toBe(message);
  });

  it('knows the options of the real commands', async () => {
    const names = ownOptionsOf(train);
    const messageOf = async (work: Promise<unknown>) =>
      withFlagNames((await errorOf(work)).message, names);
    expect(await messageOf(TextClassifier.create({ encoder: { type: 'brt' as 'bert' } }))).toMatch(
      /^--encoder must be /,
    );
    expect(await messageOf(Translator.create({ model: { hiddenSize: 0 } }))).toMatch(
      /^--hidden-size must be a positive integer, received 0\.$/,
    );
    expect(await messageOf(Translator.create({ model: { type: 't5' as 'bart' } }))).toMatch(
      /^--model-type must be /,
    );
  });
});
