/** A page that trains a text classifier on what its user has, and computes nothing elsewhere. */
import { startCorrecting } from './correctRow.ts';
import { DataPanel } from './dataPanel.ts';
import { find, tell } from './dom.ts';
import { showEngine } from './enginePanel.ts';
import { sentenceOf } from './plainWords.ts';
import { clearResult } from './resultPanel.ts';
import { Rows } from './rows.ts';
import { Session } from './session.ts';
import { TrainingPanel } from './trainingPanel.ts';
import { TryPanel } from './tryPanel.ts';

/** Milliseconds of quiet before the training looks at rows that are being edited. */
const SETTLED_AFTER = 120;

const rows = new Rows();
const data = new DataPanel(rows);
const training = new TrainingPanel();
clearResult();
startCorrecting(rows);

let settling: number | undefined;
rows.onChange((change) => {
  clearTimeout(settling);
  const use = () => training.use(rows.examples, change === 'replaced');
  if (change === 'cell') settling = window.setTimeout(use, SETTLED_AFTER);
  else use();
});
const rowsAreThere = rows.recall().then((found) => (found ? undefined : data.useSample()));

try {
  const session = await Session.open();
  showEngine(await session.worker.info());
  // What cannot be brought back is no reason not to begin anew.
  const problem = await session.recall().then(() => undefined, sentenceOf);
  await rowsAreThere;
  const model = new TryPanel({
    session,
    rows,
    onTrainOn: () => void training.trainOn(),
    onLoad: () => training.forget(),
  });
  const showModel = () =>
    model.show({ isTraining: training.isTraining, offersSample: data.hasSample });
  training.start(session, showModel);
  showModel();
  if (problem !== undefined) {
    tell(find('training-status'), `What you left last time cannot be opened. ${problem}`, {
      bad: true,
    });
  }
} catch (error) {
  tell(find('training-status'), sentenceOf(error), { bad: true });
  for (const id of ['threads', 'simd', 'place']) find(id).textContent = 'It could not be started.';
}
