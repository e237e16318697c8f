/**
 * What default options make of the data people have: `npm run accuracy -- small`.
 *
 *   npm run accuracy -- [--data FOLDER] [--seeds N] [--threads N] [--json FILE] small [SET:ROWS …]
 *
 * Each row of the table is a data set and a number of training rows: accuracy on held-out rows, mean
 * and spread of 5 seeds; the expected calibration error (10 bins); of the answers that score above
 * 0.95 the share that is right; seconds to train; and the baseline of baseline.py on the same rows,
 * where a Python with scikit-learn is found (PYTHON=…, else ../.oracle/bin/python).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TextClassifier } from 'anyformer';
import { makeTickets, randomNumbers } from './tickets.mjs';

const BASELINE = fileURLToPath(new URL('baseline.py', import.meta.url));

/** By set: the numbers of training rows, and how many rows are held out at the most. */
const SETS = {
  trec: { rows: [60, 300, 2000, 4900], heldOut: 2000 },
  'rt-polarity': { rows: [100, 300, 2000, 9600], heldOut: 2000 },
  spam: { rows: [100, 500, 4678], heldOut: 1173 },
  tickets: { rows: [60, 300, 2000], heldOut: 1000 },
  imdb: { rows: [5000, 20000], heldOut: 5000 },
};

/**
 * @param {{ load: (name: string) => { text: string, label: string }[] | undefined, seeds: number,
 *   only: string[], json?: string }} options
 */
export async function runSmall({ load, seeds, only, json }) {
  const python = findPython();
  if (!python) console.log('No Python with scikit-learn: the baseline is left out.');
  const wanted = only.map((item) => item.split(':'));
  const results = [];
  console.log(heading());
  for (const [name, { rows, heldOut }] of Object.entries(SETS)) {
    const chosen = wanted.filter(([set]) => set === name);
    if (wanted.length > 0 && chosen.length === 0) continue;
    const examples = name === 'tickets' ? undefined : load(name);
    if (name !== 'tickets' && !examples) continue;
    const counts = chosen.flatMap(([, count]) => (count ? [Number(count)] : []));
    for (const count of counts.length > 0 ? counts : rows) {
      const runs = [];
      for (let seed = 1; seed <= seeds; seed++) {
        const split = examples
          ? divide(examples, count, heldOut, seed)
          : { train: makeTickets(count, seed), test: makeTickets(heldOut, 1000 + seed) };
        runs.push({ ...(await measure(split)), baseline: baselineOf(python, split) });
      }
      const row = summary(name, count, runs);
      results.push(row);
      console.log(line(row));
    }
  }
  if (json) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
}

/** Rows to learn from and to hold out, each label by the same share; no text stands on both sides. */
function divide(examples, count, heldOut, seed) {
  const random = randomNumbers(seed);
  const seen = new Set();
  const byLabel = new Map();
  for (const example of examples) {
    const key = example.text.toLowerCase().replace(/\s+/g, ' ').trim();
    if (seen.has(key)) continue;
    seen.add(key);
    if (!byLabel.has(example.label)) byLabel.set(example.label, []);
    byLabel.get(example.label).push(example);
  }
  const all = [...byLabel.values()].reduce((sum, group) => sum + group.length, 0);
  const train = [];
  const test = [];
  for (const group of byLabel.values()) {
    shuffle(group, random);
    const learn = Math.max(2, Math.round((group.length * Math.min(count, all * 0.95)) / all));
    const held = Math.round((group.length * heldOut) / all);
    train.push(...group.slice(0, learn));
    test.push(...group.slice(learn, learn + held));
  }
  return { train: shuffle(train, random), test: shuffle(test, random) };
}

function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

async function measure({ train, test }) {
  const classifier = await TextClassifier.create();
  const started = performance.now();
  const result = await classifier.train(train);
  const seconds = (performance.now() - started) / 1000;
  const answers = await classifier.predict(
    test.map(({ text }) => text),
    { topK: 1 },
  );
  classifier.dispose();
  const scored = answers.map(([{ label, score }], n) => ({
    score,
    right: label === test[n].label,
  }));
  const sure = scored.filter(({ score }) => score > 0.95);
  return {
    accuracy: share(scored),
    calibrationError: calibrationError(scored),
    sure: sure.length,
    sureRight: sure.length > 0 ? share(sure) : undefined,
    seconds,
    estimate: result.heldOut?.accuracy,
    encoder: result.choice.encoder,
  };
}

const share = (scored) => scored.filter(({ right }) => right).length / scored.length;

function calibrationError(scored, bins = 10) {
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const inside = scored.filter(
      ({ score }) => Math.min(bins - 1, Math.floor(score * bins)) === bin,
    );
    if (inside.length === 0) continue;
    const mean = inside.reduce((sum, { score }) => sum + score, 0) / inside.length;
    error += (inside.length / scored.length) * Math.abs(mean - share(inside));
  }
  return error;
}

function findPython() {
  for (const python of [process.env.PYTHON, '../.oracle/bin/python', 'python3']) {
    if (!python || (python.includes('/') && !existsSync(python))) continue;
    const { status } = spawnSync(python, ['-c', 'import sklearn'], { stdio: 'ignore' });
    if (status === 0) return python;
  }
  return undefined;
}

function baselineOf(python, split) {
  if (!python) return undefined;
  const output = execFileSync(python, [BASELINE], {
    input: JSON.stringify(split),
    maxBuffer: 1 << 20,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(output).accuracy;
}

function summary(set, rows, runs) {
  const of = (key) => runs.map((run) => run[key]).filter((value) => value !== undefined);
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const accuracies = of('accuracy');
  const sure = mean(of('sure'));
  const right = runs.reduce((sum, run) => sum + (run.sureRight ?? 0) * run.sure, 0);
  return {
    set,
    rows,
    seeds: runs.length,
    accuracy: mean(accuracies),
    spread: Math.sqrt(mean(accuracies.map((a) => (a - mean(accuracies)) ** 2))),
    baseline: of('baseline').length > 0 ? mean(of('baseline')) : undefined,
    estimate: of('estimate').length > 0 ? mean(of('estimate')) : undefined,
    calibrationError: mean(of('calibrationError')),
    sure,
    sureRight: sure > 0 ? right / (sure * runs.length) : undefined,
    seconds: mean(of('seconds')),
    encoders: [...new Set(of('encoder'))].join(' or '),
  };
}

const WIDTHS = [12, 6, 16, 9, 9, 9, 12, 8];
const cells = (list) => list.map((cell, i) => String(cell).padEnd(WIDTHS[i] ?? 0)).join(' ');
const heading = () =>
  cells([
    'set',
    'rows',
    'accuracy',
    'baseline',
    'estimate',
    'ECE',
    '> 0.95 right',
    'seconds',
    'chosen',
  ]);

function line(row) {
  const figure = (value, digits = 4) => (value === undefined ? '-' : value.toFixed(digits));
  return cells([
    row.set,
    row.rows,
    `${figure(row.accuracy)} ± ${figure(row.spread, 3)}`,
    figure(row.baseline),
    figure(row.estimate),
    figure(row.calibrationError, 3),
    figure(row.sureRight, 3),
    figure(row.seconds, 1),
    row.encoders,
  ]);
}
