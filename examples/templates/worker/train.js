import { existsSync } from 'node:fs';
import { TextClassifier } from 'anyformer';

// A column of texts and a column of labels, any number of rows. Put your own file here.
const DATA = 'messages.csv';
const MODEL = 'public/model';

// --once: only where there is no model yet.
if (!process.argv.includes('--once') || !existsSync(`${MODEL}/config.json`)) {
  const classifier = await TextClassifier.create();
  const { heldOut, warnings } = await classifier.train(DATA);
  for (const { message } of warnings) console.warn(message);
  if (heldOut) {
    console.log(
      `${Math.round(heldOut.accuracy * 100)} % right on ${heldOut.examples} rows it has not learned from`,
    );
  }
  await classifier.save(MODEL);
}
