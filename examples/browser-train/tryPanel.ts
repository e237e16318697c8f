import type { LabelScore } from 'anyformer';
import { CorrectionForm } from './correctionForm.ts';
import { find, make, showBars, tell } from './dom.ts';
import { importanceOf } from './importance.ts';
import { sentenceOf, surenessOf } from './plainWords.ts';
import { MIN_SCORE } from './recipe.ts';
import type { Rows } from './rows.ts';
import type { Session } from './session.ts';
import { TakePanel } from './takePanel.ts';
import { hideWords, showWords } from './wordsView.ts';

const sentence = find<HTMLTextAreaElement>('sentence');
const suggestions = find('suggestions');
const status = find('try-status');
const scores = find('scores');

/** Scores shown, the best: more than that nobody compares. */
const SHOWN = 6;
/** Milliseconds of quiet before words are left out: each is a prediction. */
const PAUSE = 150;

/** Why there is no answer. */
const DOUBTS = {
  empty: 'there are no words in it',
  unfamiliar: 'it looks like nothing in your examples',
  'low-score': `it is less than ${100 * MIN_SCORE} % sure of every label`,
} as const;

/** For the sample data: one that is easy, one between two labels, and one that is about neither. */
const SUGGESTIONS = [
  'Where is my parcel?',
  'The app crashes when I pay my invoice',
  'Zebras graze beside volcanoes',
];

export interface TryOptions {
  readonly session: Session;
  readonly rows: Rows;
  readonly onTrainOn: () => void;
  /** Called when a model of a file has taken the place of the one before it. */
  readonly onLoad: () => void;
}

/** The card of the model: its answer to a sentence as it is typed, and which words mattered. */
export class TryPanel {
  readonly #session: Session;
  readonly #correction: CorrectionForm;
  readonly #take: TakePanel;
  #isScoring = false;
  #isStale = false;
  #isBusy = false;
  #pause: number | undefined;
  #turn = 0;

  constructor({ session, rows, onTrainOn, onLoad }: TryOptions) {
    this.#session = session;
    this.#correction = new CorrectionForm({ session, rows, onTrainOn });
    this.#take = new TakePanel(session, () => {
      onLoad();
      this.show();
    });
    sentence.addEventListener('input', () => {
      if (!this.#isBusy) void this.#score();
    });
    for (const text of SUGGESTIONS) {
      const chip = make('button', { type: 'button' }, text);
      chip.addEventListener('click', () => {
        sentence.value = text;
        void this.#score();
      });
      suggestions.append(chip);
    }
    this.show();
  }

  /** @param offersSample whether the sentences for the sample data make sense. */
  show({ isTraining = false, offersSample = false } = {}): void {
    this.#isBusy = isTraining;
    this.#turn++;
    this.#take.show(isTraining);
    sentence.readOnly = isTraining;
    const suggests = offersSample && !isTraining && this.#session.hasModel;
    suggestions.hidden = !suggests;
    if (suggests && sentence.value === '') sentence.value = SUGGESTIONS[0]!;
    this.#correction.trained(isTraining);
    if (isTraining) {
      this.#clear();
      tell(status, 'It is learning. You can try it in a moment.');
    } else void this.#score();
  }

  /** One prediction at a time; what was typed meanwhile is next. */
  async #score(): Promise<void> {
    this.#isStale = true;
    if (this.#isScoring) return;
    this.#isScoring = true;
    while (this.#isStale) {
      this.#isStale = false;
      await this.#showScores().catch((error) => {
        if (!this.#isBusy) tell(status, sentenceOf(error), { bad: true });
      });
    }
    this.#isScoring = false;
  }

  async #showScores(): Promise<void> {
    const turn = ++this.#turn;
    const text = sentence.value.trim();
    if (!this.#session.hasModel || text === '') {
      this.#clear();
      const first = this.#session.hasModel
        ? 'Write something to see its label.'
        : 'After the training you write a sentence here, and see its label, how sure it is, and which words mattered.';
      return tell(status, first);
    }
    const found = await this.#session.classifier!.predict(text, { minScore: MIN_SCORE });
    if (turn !== this.#turn) return;
    // Before the labels of a text that none of them is the answer to stands 'unknown', with a note.
    const { note } = found[0]!;
    const labels = note ? found.slice(1) : found;
    showBars(scores, barsOf(labels.slice(0, SHOWN), note !== undefined));
    const best = labels[0]!;
    tell(
      status,
      note ? `Not sure: ${DOUBTS[note]}.` : `${best.label}, ${surenessOf(best.score)} sure.`,
    );
    status.classList.toggle('unsure', note !== undefined);
    this.#correction.offer(text, note ? undefined : best.label);
    clearTimeout(this.#pause);
    if (note === 'unfamiliar') return hideWords();
    this.#pause = window.setTimeout(() => void this.#explain(text, best), PAUSE);
  }

  async #explain(text: string, best: LabelScore): Promise<void> {
    const turn = this.#turn;
    if (this.#isBusy || !this.#session.hasModel) return;
    try {
      const pieces = await importanceOf(this.#session.classifier!, text, best);
      if (turn === this.#turn) showWords(pieces, best.label);
    } catch (error) {
      // Another model has come meanwhile, which explains itself.
      if (turn === this.#turn) console.warn(error);
    }
  }

  #clear(): void {
    clearTimeout(this.#pause);
    status.classList.remove('unsure');
    showBars(scores, []);
    hideWords();
    this.#correction.offer('', undefined);
  }
}

/** In the order of the labels, so that bars grow and shrink in their place. */
const barsOf = (labels: readonly LabelScore[], isUnsure: boolean) =>
  [...labels]
    .sort((a, b) => (a.label < b.label ? -1 : 1))
    .map(({ label, score }) => ({
      ...{ name: label, share: score, amount: surenessOf(score) },
      isBest: !isUnsure && label === labels[0]!.label,
    }));
