import { Curve } from './curve.ts';
import { find } from './dom.ts';
import type { Measurements } from './measurements.ts';
import { percent } from './plainWords.ts';

const box = find('curves');
const note = find('curves-note');
const lossNow = find('loss');
const accuracyNow = find('accuracy');

/** The two curves of a Transformer's training, or why there are none. */
export class CurvesPanel {
  readonly #loss = new Curve(find('loss-curve'), {
    ...{ name: 'Error while it learns', color: '--accent', xLabel: 'steps', yLabel: 'error' },
    format: (value) => value.toFixed(1),
  });
  readonly #accuracy = new Curve(find('accuracy-curve'), {
    ...{ name: 'Share of unseen sentences that are right', color: '--accent' },
    ...{ xLabel: 'steps', yLabel: 'right', format: percent, highest: 1 },
  });

  show({ steps, losses, evaluatedSteps, accuracies }: Measurements, totalSteps: number): void {
    this.#loss.show(steps, losses, totalSteps);
    this.#accuracy.show(evaluatedSteps, accuracies, totalSteps);
    const [loss, accuracy] = [losses.at(-1), accuracies.at(-1)];
    lossNow.textContent = loss === undefined ? '–' : loss.toFixed(2);
    accuracyNow.textContent = accuracy === undefined ? '–' : percent(accuracy);
  }

  clear(): void {
    this.show({ steps: [], losses: [], evaluatedSteps: [], accuracies: [] }, 0);
    this.explain('');
  }

  /** Puts a sentence in the place of curves that there are not. */
  explain(why: string): void {
    note.textContent = why;
    note.hidden = why === '';
    box.classList.toggle('without', why !== '');
  }
}
