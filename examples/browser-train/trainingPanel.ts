import type { Progress, TextExample } from 'anyformer';
import { Curve } from './curve.ts';
import { describeError, find, tell } from './dom.ts';
import type { Settings } from './recipe.ts';
import { accuracyOf, percent, showResult } from './resultPanel.ts';
import type { Run, Session } from './session.ts';

const form = find<HTMLFormElement>('training');
const settings = find<HTMLFieldSetElement>('settings');
const models = form.elements.namedItem('model') as RadioNodeList;
const epochs = find<HTMLInputElement>('epochs');
const trainButton = find<HTMLButtonElement>('train');
const anewButton = find<HTMLButtonElement>('anew');
const status = find('training-status');
const announcement = find('announcement');
const bar = find<HTMLProgressElement>('progress');
const stepOf = find('step');
const left = find('left');
const phaseOf = find('phase');
const lossNow = find('loss');
const accuracyNow = find('accuracy');

/** Milliseconds between two pictures of the curves: they cost more than they tell. */
const REDRAW_EVERY = 100;
/** Percents between two announcements to those who hear the page. */
const ANNOUNCE_EVERY = 25;

/** What a phase is called while it runs, where it is not the Transformer's own training. */
const PHASES: Readonly<Record<string, string>> = {
  read: 'Counting words',
  compare: 'Comparing n-gram models',
  tokenizer: 'Learning a vocabulary',
  encode: 'Preparing the texts',
  train: 'Training a Transformer',
  evaluate: 'Measuring',
};

/** The card of the training: settings, train, stop, resume, progress and curves. */
export class TrainingPanel {
  readonly #loss = new Curve(find('loss-curve'), {
    ...{ name: 'Loss of the Transformer', color: '--accent', format: (value) => value.toFixed(2) },
  });
  readonly #accuracy = new Curve(find('accuracy-curve'), {
    ...{
      name: 'Accuracy of the Transformer on held-out texts',
      color: '--second',
      format: percent,
      highest: 1,
    },
  });
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
    anewButton.addEventListener('click', () => void this.#train({ resume: false }));
  }

  /** @param onModel called when there is a classifier to try, and when it has become another. */
  start(session: Session, onModel: () => void): void {
    this.#session = session;
    this.#onModel = onModel;
    if (session.run) this.#recall(session.run);
    else this.#invite();
  }

  /** Takes the data that the next training will learn from. */
  use(examples: readonly TextExample[]): void {
    this.#examples = examples;
    if (this.#phase === 'idle' && !this.#session?.canResume) this.#invite();
    this.#showControls();
  }

  /** The model came from elsewhere: nothing of the training before it is left. */
  forget(): void {
    this.#clear();
    this.#invite();
  }

  get isTraining(): boolean {
    return this.#phase !== 'idle';
  }

  /** Shows a training of an earlier visit. */
  #recall(run: Run): void {
    const { savedStep, isDone } = run;
    this.#showEnd(run, savedStep);
    models.value = run.settings.model;
    epochs.value = String(run.settings.epochs ?? '');
    tell(
      status,
      isDone
        ? 'The model of your last visit is still here.'
        : `Your last visit stopped at step ${whole(savedStep)}. Resume goes on from there.`,
    );
    this.#showControls();
  }

  #invite(): void {
    const ready = `Ready: ${whole(this.#examples.length)} texts to learn from.`;
    tell(status, this.#examples.length > 0 ? ready : 'Give it some data first.');
    this.#showControls();
  }

  #pressed(): void {
    if (this.#phase === 'training') {
      this.#phase = 'stopping';
      this.#session!.stop();
      this.#showControls();
    } else if (this.#phase === 'idle') {
      void this.#train({ resume: this.#session!.canResume });
    }
  }

  async #train({ resume }: { resume: boolean }): Promise<void> {
    const session = this.#session!;
    this.#phase = 'training';
    this.#announced = 0;
    if (!resume) this.#clear();
    this.#showControls();
    this.#say(resume ? 'Going on…' : 'Beginning…');
    this.#onModel();
    const onProgress = (progress: Progress, run: Run) => this.#progressed(progress, run);
    try {
      if (resume) await session.resume(onProgress);
      else await session.start(this.#examples, this.#settings, onProgress);
      this.#phase = 'idle';
      this.#ended(session);
    } catch (error) {
      this.#phase = 'idle';
      this.#say(describeError(error), { bad: true });
    }
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    if (session.run) this.#showEnd(session.run, session.run.measurements.steps.at(-1) ?? 0);
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
    const { isDone, measurements, result } = run!;
    const heldOut = result?.heldOut;
    const step = measurements.steps.at(-1);
    const right = heldOut ? ` ${accuracyOf(heldOut)} of held-out texts right.` : '';
    const how = isDone
      ? `Done.${right} Try it below.`
      : canResume
        ? `Stopped after step ${whole(step!)}. Resume goes on from there.`
        : 'Stopped before there was something to go on from. Train begins anew.';
    const lost = `It will be gone after a reload: ${keepingProblem}.`;
    this.#say(keepingProblem ? `${how} ${lost}` : how, { bad: keepingProblem !== undefined });
  }

  #progressed(progress: Progress, run: Run): void {
    const isNew = progress.phase !== this.#latest?.phase;
    this.#latest = progress;
    if (isNew) this.#announce(PHASES[progress.phase] ?? progress.message);
    this.#drawing ??= window.setTimeout(() => {
      this.#drawing = undefined;
      this.#showProgress(this.#latest!, run);
    }, REDRAW_EVERY);
  }

  #showProgress(progress: Progress, run: Run): void {
    const { phase, step, totalSteps = step, remainingSeconds } = progress;
    const share = totalSteps > 0 ? step / totalSteps : 0;
    bar.value = share;
    phaseOf.textContent = PHASES[phase] ?? phase;
    stepOf.textContent = `${whole(step)} / ${whole(totalSteps)}`;
    left.textContent = remainingSeconds === undefined ? '–' : duration(remainingSeconds);
    if (phase === 'train') this.#showCurves(run);
    if (this.#phase === 'idle') return;
    const problem = this.#session!.keepingProblem;
    const where = whereIn(progress, run);
    if (problem) {
      tell(status, `${where} It goes on, but will be gone after a reload: ${problem}.`, {
        bad: true,
      });
    } else tell(status, this.#phase === 'stopping' ? 'Stopping after this step…' : where);
    if (phase !== 'train' || 100 * share < this.#announced + ANNOUNCE_EVERY) return;
    this.#announced = 100 * share;
    this.#announce(`${percent(share)} done, loss ${progress.loss!.toFixed(2)}.`);
  }

  /** How a training stands that does not run. Its steps are the Transformer's, where it has any. */
  #showEnd(run: Run, step: number): void {
    const { isDone, totalSteps, result } = run;
    this.#showCurves(run);
    bar.value = isDone ? 1 : totalSteps > 0 ? step / totalSteps : 0;
    phaseOf.textContent = isDone ? 'Done' : 'Stopped';
    stepOf.textContent = totalSteps > 0 ? `${whole(step)} / ${whole(totalSteps)}` : '–';
    left.textContent = '–';
    showResult(result);
  }

  #announce(text: string): void {
    announcement.textContent = text;
  }

  #showCurves({ measurements, totalSteps }: Run): void {
    const { steps, losses, evaluatedSteps, accuracies } = measurements;
    this.#loss.show(steps, losses, totalSteps);
    this.#accuracy.show(evaluatedSteps, accuracies, totalSteps);
    const [loss, accuracy] = [losses.at(-1), accuracies.at(-1)];
    lossNow.textContent = loss === undefined ? '–' : loss.toFixed(3);
    accuracyNow.textContent = accuracy === undefined ? '–' : percent(accuracy);
  }

  #clear(): void {
    this.#latest = undefined;
    bar.value = 0;
    showResult(undefined);
    for (const figure of [phaseOf, stepOf, left, lossNow, accuracyNow]) figure.textContent = '–';
    this.#loss.show([], [], 0);
    this.#accuracy.show([], [], 0);
  }

  #showControls(): void {
    const { canResume = false, run } = this.#session ?? {};
    const names = { idle: run ? 'Train again' : 'Train', training: 'Stop', stopping: 'Stopping…' };
    const isIdle = this.#phase === 'idle';
    const hasData = this.#session !== undefined && this.#examples.length > 0;
    trainButton.textContent = isIdle && canResume ? 'Resume' : names[this.#phase];
    trainButton.disabled = isIdle && !canResume && !hasData;
    anewButton.disabled = !(isIdle && canResume && hasData);
    settings.disabled = !isIdle || canResume;
  }

  #say(text: string, { bad = false } = {}): void {
    tell(status, text, { bad });
    this.#announce(text);
  }
}

/** `Epoch 3 of 20.`, or what else is being done. */
function whereIn({ phase, epoch = 0, message }: Progress, { settings }: Run): string {
  if (phase !== 'train') return `${PHASES[phase] ?? message}…`;
  const now = Math.floor(epoch) + 1;
  return settings.epochs === undefined
    ? `Epoch ${now}; it ends when held-out texts get no better.`
    : `Epoch ${Math.min(now, settings.epochs)} of ${settings.epochs}.`;
}

const whole = (value: number) => Math.round(value).toLocaleString('en');

function duration(seconds: number): string {
  const total = Math.ceil(seconds);
  const [minutes, rest] = [Math.floor(total / 60), String(total % 60).padStart(2, '0')];
  return `${minutes}:${rest}`;
}
