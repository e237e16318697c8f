import { find, tell } from './dom.ts';
import type { Rows } from './rows.ts';
import type { Session } from './session.ts';

const form = find<HTMLFormElement>('correction');
const field = find<HTMLInputElement>('right-label');
const status = find('correction-status');
const trainOn = find<HTMLButtonElement>('train-on');

export interface CorrectionOptions {
  readonly session: Session;
  readonly rows: Rows;
  readonly onTrainOn: () => void;
}

/** `This is wrong? It is …`: makes an example of a sentence, and trains on with it. */
export class CorrectionForm {
  readonly #session: Session;
  #text = '';

  constructor({ session, rows, onTrainOn }: CorrectionOptions) {
    this.#session = session;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const label = field.value.trim();
      if (label === '') return;
      rows.add({ text: this.#text, label });
      field.value = '';
      this.#added(label);
    });
    trainOn.addEventListener('click', () => {
      // The button goes while it trains.
      find('sentence').focus();
      trainOn.hidden = true;
      onTrainOn();
    });
  }

  /** @param answer what the model says; undefined where it is not sure. */
  offer(text: string, answer: string | undefined): void {
    if (text !== this.#text) {
      field.value = '';
      if (text !== '') this.#forget();
    }
    this.#text = text;
    form.hidden = text === '';
    form.querySelector('label')!.textContent =
      answer === undefined ? 'You know it? It is' : 'Wrong? It is';
  }

  /** Another model has come, or is being made. */
  trained(isTraining: boolean): void {
    if (isTraining) this.#forget();
  }

  #forget(): void {
    tell(status, '');
    trainOn.hidden = true;
  }

  #added(label: string): void {
    const isKnown = this.#session.classifier?.labels?.includes(label) ?? false;
    const canTrainOn = isKnown && this.#session.canTrainOn;
    trainOn.hidden = !canTrainOn;
    if (canTrainOn) {
      tell(status, `Added as an example of “${label}”.`);
      trainOn.focus();
      return;
    }
    tell(
      status,
      isKnown
        ? `Added as an example of “${label}”. Train to learn from it.`
        : `Added with the new label “${label}”. Add a few more of it, then train again from the start.`,
    );
    find('sentence').focus();
  }
}
