import { TextClassifier } from 'anyformer';

// A column of texts and a column of labels, any number of rows. Put your own file here.
const DATA = 'messages.csv';

const classifier = await TextClassifier.create();
const { heldOut, warnings } = await classifier.train(DATA, {
  onProgress: ({ message }) => process.stdout.isTTY && process.stdout.write(`\r\x1b[K${message}`),
});
if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
for (const { message } of warnings) console.warn(message);
if (heldOut) {
  console.log(
    `${Math.round(heldOut.accuracy * 100)} % right on ${heldOut.examples} rows it has not learned from`,
  );
}
await classifier.save('./model');
console.log('The model is in ./model');
