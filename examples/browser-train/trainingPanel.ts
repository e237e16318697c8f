import type { Progress, TextExample } from 'anyformer';
import { CurvesPanel } from './curvesPanel.ts';
import { find, tell } from './dom.ts';
import { percent, sentenceOf, sentences, whole } from './plainWords.ts';
import { PHASES, progressOf } from './progressWords.ts';
import { FEWEST_FOR_TRANSFORMER, type Settings } from './recipe.ts';
import { clearResult, markStale, showResult, tellOtherExamples } from './resultPanel.ts';
import type { OnProgress, Run, Session } from './session.ts';

const form = find<HTMLFormElement>('training');
const settings = find<HTMLFieldSetElement>('settings');
const models = form.elements.namedItem('model') as RadioNodeList;
const epochs = find<HTMLInputElement>('epochs');
const trainButton = find<HTMLButtonElement>('train');
const anewButton = find<HTMLButtonElement>('anew');
const status = find('training-status');
const announcement = find('announcement');
const bar = find<HTMLProgressElement>('progress');

/** Milliseconds between two pictures of the curves: they cost more than they tell. */
const REDRAW_EVERY = 100;
/** Percents between two announcements to those who hear the page. */
const ANNOUNCE_EVERY = 25;

const NO_CURVE =
  'With so few sentences a model that counts words is best. It learns at once, so there is no curve to draw.';
const NO_CURVE_FURTHER = 'A model that counts words learns at once, so there is no curve to draw.';

/** The card of the training: settings, train, stop, resume, progress and curves. */
export class TrainingPanel {
  readonly #curves = new CurvesPanel();
  #session: Session | undefined;
  #onModel: () => void = () => {};
  #examples: readonly TextExample[] = [];
  #phase: 'idle' | 'training' | 'stopping' = 'idle';
  #latest: Progress | undefined;
  #drawing: number | undefined;
  #announced = 0;

  constructor() {
    // Only a Transformer has epochs: whoever sets them wants one, and whoever wants none sets none.
    epochs.addEventListener('input', () => {
      if (epochs.value !== '' && models.value === 'auto') models.value = 'small';
    });
    settings.addEventListener('change', () => {
      if (models.value === 'auto') epochs.value = '';
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#pressed();
    });
    anewButton.addEventListener('click', () => {
      trainButton.focus();
      void this.#startAnew();
    });
  }

  /** @param onModel called when there is a classifier to try, and when it has become another. */
  start(session: Session, onModel: () => void): void {
    this.#session = session;
    this.#onModel = onModel;
    if (session.run) this.#recall(session.run);
    else this.#invite();
    this.#showControls();
  }

  /**
   * Takes the examples that the next training will learn from.
   *
   * @param areOthers whether they are in the place of those before, whose result says nothing of them.
   */
  use(examples: readonly TextExample[], areOthers: boolean): void {
    this.#examples = examples;
    const run = this.#session?.run;
    if (run && this.#phase === 'idle') {
      const isSame = areSame(run.examples, examples);
      if (areOthers && !isSame) {
        this.#curves.clear();
        clearResult();
        bar.value = 0;
        tellOtherExamples();
      } else if (run.result) {
        if (areOthers) this.#showEnd(run);
        markStale(!isSame);
      }
    }
    if (this.#phase === 'idle' && !this.#session?.canResume) this.#invite();
    this.#showControls();
  }

  /** The model came from elsewhere: nothing of the training before it is left. */
  forget(): void {
    this.#clear();
    this.#invite();
    this.#showControls();
  }

  get isTraining(): boolean {
    return this.#phase !== 'idle';
  }

  /** Trains the model further, with the examples as they are now. */
  async trainOn(): Promise<void> {
    if (this.#phase !== 'idle' || !this.#session?.canTrainOn) return;
    const examples = this.#examples;
    await this.#train('Training on…', (onProgress) => this.#session!.trainOn(examples, onProgress));
  }

  /** Shows a training of an earlier visit. */
  #recall(run: Run): void {
    this.#showEnd(run);
    models.value = run.settings.model;
    epochs.value = String(run.settings.epochs ?? '');
    const isSame = areSame(run.examples, this.#examples);
    markStale(run.result !== undefined && !isSame);
    tell(
      status,
      run.isDone
        ? 'The model of your last visit is still here.'
        : `Your last visit stopped at step ${whole(run.savedStep)}. Resume goes on from there${isSame ? '' : ', with the examples it began with'}.`,
    );
    this.#showControls();
  }

  #invite(): void {
    const { length } = this.#examples;
    if (this.#session === undefined) tell(status, 'Starting…');
    else if (length === 0) tell(status, 'It needs examples with labels first.');
    else if (!hasTwoLabels(this.#examples))
      tell(status, 'It needs a second label first: see the examples.');
    else if (this.#session.run?.isDone)
      tell(status, `Ready to learn from ${sentences(length)} anew.`);
    else tell(status, `Ready to learn from ${sentences(length)}.`);
  }

  #pressed(): void {
    if (this.#phase === 'training') {
      this.#phase = 'stopping';
      this.#session!.stop();
      this.#showControls();
    } else if (this.#phase === 'idle') {
      if (!this.#session!.canResume) void this.#startAnew();
      else {
        const resume = (onProgress: OnProgress) => this.#session!.resume(onProgress);
        void this.#train('Going on…', resume, { keep: true });
      }
    }
  }

  #startAnew(): Promise<void> {
    return this.#train('Beginning…', (onProgress) =>
      this.#session!.start(this.#examples, this.#settings, onProgress),
    );
  }

  /** @param keep whether what the training has shown so far stays. */
  async #train(
    first: string,
    begin: (onProgress: OnProgress) => Promise<void>,
    { keep = false } = {},
  ): Promise<void> {
    const session = this.#session!;
    this.#phase = 'training';
    this.#announced = 0;
    if (!keep) this.#clear();
    this.#showControls();
    this.#say(first);
    this.#onModel();
    let problem: string | undefined;
    try {
      await begin((progress, run) => this.#progressed(progress, run));
    } catch (error) {
      problem = sentenceOf(error);
    }
    this.#phase = 'idle';
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    if (session.run) this.#showEnd(session.run);
    if (problem === undefined) this.#ended(session);
    else this.#say(problem, { bad: true });
    this.#showControls();
    this.#onModel();
  }

  get #settings(): Settings {
    return {
      model: models.value as Settings['model'],
      epochs: epochs.value === '' ? undefined : epochs.valueAsNumber,
    };
  }

  #ended({ run, keepingProblem, canResume }: Session): void {
    const { isDone, measurements, examples } = run!;
    const how = isDone
      ? `Done. It has learned from ${sentences(examples.length)}.`
      : canResume
        ? `Stopped after step ${whole(measurements.steps.at(-1)!)}. Resume goes on from there.`
        : 'Stopped before there was something to go on from. Train begins anew.';
    const lost = `It will be gone after a reload: ${keepingProblem}.`;
    this.#say(keepingProblem ? `${how} ${lost}` : how, { bad: keepingProblem !== undefined });
    if (isDone) markStale(!areSame(examples, this.#examples));
  }

  #progressed(progress: Progress, run: Run): void {
    const isNew = progress.phase !== this.#latest?.phase;
    this.#latest = progress;
    if (isNew) this.#announce(PHASES[progress.phase] ?? 'Working');
    this.#drawing ??= window.setTimeout(() => {
      this.#drawing = undefined;
      this.#showProgress(this.#latest!, run);
    }, REDRAW_EVERY);
  }

  #showProgress(progress: Progress, run: Run): void {
    const { phase, step, totalSteps = step } = progress;
    const share = totalSteps > 0 ? step / totalSteps : 0;
    bar.value = share;
    if (phase === 'train') this.#curves.show(run.measurements, run.totalSteps);
    if (this.#phase === 'idle') return;
    const problem = this.#session!.keepingProblem;
    const where = progressOf(progress, run.settings);
    if (this.#phase === 'stopping') tell(status, 'Stopping after this step…');
    else if (problem) {
      tell(status, `${where} It goes on, but will be gone after a reload: ${problem}.`, {
        bad: true,
      });
    } else tell(status, where);
    if (phase !== 'train' || 100 * share < this.#announced + ANNOUNCE_EVERY) return;
    this.#announced = 100 * share;
    this.#announce(`${percent(share)} done.`);
  }

  /** How a training stands that does not run. Its steps are the Transformer's, where it has any. */
  #showEnd(run: Run): void {
    const { isDone, totalSteps, result, measurements, savedStep, base, examples } = run;
    const step = measurements.steps.at(-1) ?? savedStep;
    bar.value = isDone ? 1 : totalSteps > 0 ? step / totalSteps : 0;
    this.#curves.show(measurements, totalSteps);
    const hasCurve = measurements.steps.length > 0 || !isDone;
    const isFew = examples.length < FEWEST_FOR_TRANSFORMER;
    this.#curves.explain(hasCurve ? '' : base || !isFew ? NO_CURVE_FURTHER : NO_CURVE);
    if (result) showResult(run, result);
  }

  #announce(text: string): void {
    announcement.textContent = text;
  }

  #clear(): void {
    this.#latest = undefined;
    bar.value = 0;
    clearResult();
    this.#curves.clear();
  }

  #showControls(): void {
    const { canResume = false, run } = this.#session ?? {};
    const isSame = run?.isDone === true && areSame(run.examples, this.#examples);
    const idle = canResume ? 'Resume' : isSame ? 'Train again' : 'Train';
    const names = { idle, training: 'Stop', stopping: 'Stopping…' };
    const isIdle = this.#phase === 'idle';
    const hasData = this.#session !== undefined && hasTwoLabels(this.#examples);
    trainButton.textContent = names[this.#phase];
    trainButton.classList.toggle('running', !isIdle);
    trainButton.disabled = isIdle && !canResume && !hasData;
    anewButton.hidden = !(isIdle && canResume && hasData);
    settings.disabled = !isIdle || canResume;
  }

  #say(text: string, { bad = false } = {}): void {
    tell(status, text, { bad });
    this.#announce(text);
  }
}

function hasTwoLabels(examples: readonly TextExample[]): boolean {
  const names = new Set<string>();
  return examples.some(({ label }) => {
    for (const name of typeof label === 'string' ? [label] : label) names.add(name);
    return names.size > 1;
  });
}

function areSame(a: readonly TextExample[], b: readonly TextExample[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ text, label }, n) => text === b[n]!.text && String(label) === String(b[n]!.label))
  );
}
