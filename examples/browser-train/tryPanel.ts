import { describeError, find, showBars, tell } from './dom.ts';
import { MIN_SCORE } from './recipe.ts';
import type { Session } from './session.ts';

const sentence = find<HTMLTextAreaElement>('sentence');
const status = find('try-status');
const scores = find('scores');
const downloadButton = find<HTMLButtonElement>('download');
const loadButton = find<HTMLButtonElement>('load');
const file = find<HTMLInputElement>('model-file');

/** Scores shown, the best: more than that nobody compares. */
const SHOWN = 8;

/** Why there is no answer. */
const DOUBTS = {
  empty: 'there are no words in it',
  unfamiliar: 'it looks like nothing in the training data',
  'low-score': `no label scores ${100 * MIN_SCORE} % or more`,
} as const;

/**
 * The card of the model: scores of a text as it is typed, download and load.
 *
 * @param onLoad called when a model of a file has taken the place of the one before it.
 */
export function startTryPanel(session: Session, onLoad: () => void) {
  let isScoring = false;
  let isStale = false;
  let isBusy = false;

  /** One prediction at a time; what was typed meanwhile is next. */
  async function score(): Promise<void> {
    isStale = true;
    if (isScoring) return;
    isScoring = true;
    while (isStale) {
      isStale = false;
      await showScores(session).catch((error) => tell(status, describeError(error), { bad: true }));
    }
    isScoring = false;
  }

  function show(isTraining = false): void {
    isBusy = isTraining;
    downloadButton.disabled = isTraining || !session.hasModel;
    loadButton.disabled = isTraining;
    sentence.readOnly = isTraining;
    if (isTraining) tell(status, 'Once it is trained or stopped, you can try it.');
    else void score();
  }

  async function attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      tell(status, describeError(error), { bad: true });
    }
  }

  sentence.addEventListener('input', () => {
    if (!isBusy) void score();
  });
  loadButton.addEventListener('click', () => file.click());
  file.addEventListener('change', () =>
    attempt(async () => {
      const [chosen] = file.files ?? [];
      if (!chosen) return;
      // So that the same file can be chosen again.
      const loading = session.load(chosen);
      file.value = '';
      await loading;
      show();
      onLoad();
    }),
  );
  downloadButton.addEventListener('click', () =>
    attempt(async () => download(await session.pack(), 'classifier.zip')),
  );
  show();
  return { show };
}

async function showScores(session: Session): Promise<void> {
  const text = sentence.value.trim();
  if (!session.hasModel) {
    showBars(scores, []);
    return tell(status, 'There is no model yet: train one, or load one.');
  }
  if (text === '') {
    showBars(scores, []);
    return tell(status, 'Write something to see how it is labelled.');
  }
  const found = await session.classifier!.predict(text, { minScore: MIN_SCORE });
  // Before the labels of a text that none of them is the answer to stands 'unknown', with a note.
  const { note } = found[0]!;
  const labels = (note ? found.slice(1) : found).slice(0, SHOWN);
  const best = labels[0]!;
  showBars(
    scores,
    [...labels]
      .sort((a, b) => (a.label < b.label ? -1 : 1))
      .map(({ label, score }) => ({
        ...{ name: label, share: score, amount: `${(100 * score).toFixed(1)} %` },
        isBest: note === undefined && label === best.label,
      })),
  );
  tell(status, note ? `Not sure: ${DOUBTS[note]}.` : `Most likely: ${best.label}.`);
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
