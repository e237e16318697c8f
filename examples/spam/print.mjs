/** What the examples print, for people. */

const percent = (x) => `${(100 * x).toFixed(1)} %`;

/**
 * What a training says of itself: how it does on rows it has not learned from, which model it is and
 * why, and what to know of the data.
 *
 * @param {import('anyformer').ClassifierTrainingResult} result
 */
export function printTraining({ heldOut, choice, warnings }) {
  if (heldOut) {
    const { accuracy, accuracyInterval, examples, folds, majority, ngrams } = heldOut;
    const [low, high] = accuracyInterval.map(percent);
    const how = folds
      ? `${folds}-fold cross-validation of ${examples} rows`
      : `${examples} rows held out`;
    console.log(`\nIn training, by ${how}: accuracy ${percent(accuracy)} (${low} to ${high})`);
    console.log(`  always '${majority.label}' ${percent(majority.accuracy)}`);
    if (ngrams) console.log(`  n-gram model ${percent(ngrams.accuracy)}`);
  }
  console.log(`Chosen: ${choice.encoder}; ${choice.reason}`);
  for (const { message } of warnings) console.error(`Warning: ${message}`);
}

/** @param {import('anyformer').ClassificationReport} report */
export function printEvaluation(report) {
  console.log(`\nOn the ${report.examples} test examples:`);
  const rows = [
    ['accuracy', percent(report.accuracy)],
    ['balanced accuracy', percent(report.balancedAccuracy)],
    [
      `F1${report.labels.length === 2 ? ` (${report.labels[1]})` : ' (macro)'}`,
      report.f1.toFixed(4),
    ],
    ['loss', report.loss.toFixed(4)],
  ];
  for (const [name, value] of rows) console.log(`  ${name.padEnd(20)}${value.padStart(8)}`);
  printConfusion(report.labels, report.confusionMatrix);
}

/** Rows are the true labels, columns the predicted ones. */
function printConfusion(labels, matrix) {
  const width = Math.max(...labels.map((label) => label.length), 6) + 2;
  console.log(
    `\n  ${'true \\ predicted'.padEnd(18)}${labels.map((l) => l.padStart(width)).join('')}`,
  );
  labels.forEach((label, i) => {
    console.log(`  ${label.padEnd(18)}${matrix[i].map((n) => String(n).padStart(width)).join('')}`);
  });
}

export function printPredictions(texts, predictions) {
  console.log('\nOn fresh text:');
  texts.forEach((text, i) => {
    const [{ label, score }] = predictions[i];
    const line = text.replace(/\s+/g, ' ');
    console.log(`  ${label.padEnd(8)}${percent(score).padStart(8)}  ${line.slice(0, 80)}`);
  });
}

/** Rows that could not be used: counted, and the first ones named. */
export function printProblems(problems, file) {
  if (problems.length === 0) return;
  console.log(`\n${problems.length} rows of ${file} cannot be used and are left out:`);
  for (const { row, reason } of problems.slice(0, 10)) console.log(`  row ${row}: ${reason}`);
  if (problems.length > 10) console.log(`  … and ${problems.length - 10} more`);
}
