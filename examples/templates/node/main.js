import { existsSync } from 'node:fs';
import { TextClassifier } from 'anyformer';

if (!existsSync('model/config.json')) await import('./train.js');
const classifier = await TextClassifier.load('./model');

// npm start -- "Where is my parcel?"
const texts = process.argv.slice(2);
if (texts.length === 0) texts.push('Where is my parcel?', 'I was charged twice');
for (const text of texts) {
  const [best] = await classifier.predict(text, { minScore: 0.5 });
  console.log(`${best.label.padEnd(12)} ${text}`);
}
