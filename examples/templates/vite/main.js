import { createWorker, TextClassifier } from 'anyformer';
import { defineElements } from 'anyformer/ui';

// A column of texts and a column of labels: public/messages.csv. Put your own rows there.
const DATA = '/messages.csv';
// The browser keeps the model, on this device.
const MODEL = 'opfs://my-classifier';

const status = document.querySelector('#status');
const button = document.querySelector('#train');
const element = document.querySelector('anyformer-classifier');

defineElements();
// The page answers while the worker trains.
const worker = await createWorker();
button.addEventListener('click', train);
await TextClassifier.load(MODEL, { worker }).then(
  (classifier) => show(classifier, 'The model is loaded.'),
  train,
);

async function train() {
  button.hidden = true;
  try {
    const classifier = await TextClassifier.create({ worker });
    const { heldOut, warnings } = await classifier.train(DATA, {
      onProgress: ({ message }) => {
        status.textContent = message;
      },
    });
    await classifier.save(MODEL);
    for (const { message } of warnings) console.warn(message);
    const percent = heldOut && Math.round(heldOut.accuracy * 100);
    show(
      classifier,
      heldOut
        ? `Trained. ${percent} % right on ${heldOut.examples} rows it has not learned from.`
        : 'Trained.',
    );
  } catch (error) {
    status.textContent = error.message;
    throw error;
  } finally {
    button.hidden = false;
  }
}

function show(classifier, text) {
  element.classifier?.dispose();
  element.classifier = classifier;
  status.textContent = text;
  button.hidden = false;
}
