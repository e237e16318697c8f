/** A page that trains a text classifier on what its user has, and computes nothing elsewhere. */
import { startDataPanel } from './dataPanel.ts';
import { describeError, find, tell } from './dom.ts';
import { showEngine } from './enginePanel.ts';
import { Session } from './session.ts';
import { TrainingPanel } from './trainingPanel.ts';
import { startTryPanel } from './tryPanel.ts';

const training = new TrainingPanel();
startDataPanel((examples) => training.use(examples));

try {
  const session = await Session.open();
  showEngine(await session.worker.info());
  // What cannot be brought back is no reason not to begin anew.
  const problem = await session.recall().then(() => undefined, describeError);
  const model = startTryPanel(session, () => training.forget());
  training.start(session, () => model.show(training.isTraining));
  if (problem !== undefined) {
    tell(find('training-status'), `Your last visit cannot be opened: ${problem}`, { bad: true });
  }
} catch (error) {
  tell(find('training-status'), describeError(error), { bad: true });
  for (const id of ['threads', 'simd', 'place']) find(id).textContent = 'It could not be started.';
}
