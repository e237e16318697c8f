import type { Progress, TextExample } from 'anyformer';
import { Curve } from './curve.ts';
import { describeError, find, tell } from './dom.ts';
import { epochsFor, HELD_OUT, type Settings } from './recipe.ts';
import type { Run, Session } from './session.ts';

const form = find<HTMLFormElement>('training');
const settings = find<HTMLFieldSetElement>('settings');
const epochs = find<HTMLInputElement>('epochs');
const trainButton = find<HTMLButtonElement>('train');
const anewButton = find<HTMLButtonElement>('anew');
const status = find('training-status');
const announcement = find('announcement');
const bar = find<HTMLProgressElement>('progress');
const stepOf = find('step');
const left = find('left');
const speed = find('speed');
const lossNow = find('loss');
const accuracyNow = find('accuracy');

/** Milliseconds between two pictures of the curves: they cost more than they tell. */
const REDRAW_EVERY = 100;
/** Milliseconds that the speed is measured over. */
const SPEED_OVER = 3000;
/** Percents between two announcements to those who hear the page. */
const ANNOUNCE_EVERY = 25;

/** The card of the training: settings, train, stop, resume, progress and curves. */
export class TrainingPanel {
  readonly #loss = new Curve(find('loss-curve'), {
    ...{ name: 'Loss', color: '--accent', format: (value) => value.toFixed(2) },
  });
  readonly #accuracy = new Curve(find('accuracy-curve'), {
    ...{ name: 'Accuracy on held-out texts', color: '--second', format: percent, highest: 1 },
  });
  #session: Session | undefined;
  #onModel: () => void = () => {};
  #examples: readonly TextExample[] = [];
  #phase: 'idle' | 'training' | 'stopping' = 'idle';
  #latest: Progress | undefined;
  #drawing: number | undefined;
  #announced = 0;
  #recent: { time: number; examples: number }[] = [];

  constructor() {
    epochs.addEventListener('input', () => {
      epochs.dataset.chosen = 'yes';
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
    if (!epochs.dataset.chosen && examples.length > 0) {
      epochs.value = String(epochsFor(examples.length));
    }
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
    this.#showCurves(run);
    const { savedStep, totalSteps } = run;
    bar.value = savedStep / totalSteps;
    stepOf.textContent = `${whole(savedStep)} / ${whole(totalSteps)}`;
    const { size } = run.settings;
    (form.elements.namedItem('size') as RadioNodeList).value = size;
    epochs.value = String(run.settings.epochs);
    tell(
      status,
      run.isDone
        ? 'The model of your last visit is still here.'
        : `Your last visit stopped at step ${whole(run.savedStep)}. Resume goes on from there.`,
    );
    this.#showControls();
  }

  #invite(): void {
    const texts = `${whole(this.#examples.length)} texts; ${percent(HELD_OUT)} of them are held out to measure on.`;
    tell(status, this.#examples.length > 0 ? `Ready: ${texts}` : 'Give it some data first.');
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
    this.#recent = [];
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
    if (this.#latest) this.#showProgress(this.#latest, session.run!);
    if (session.run?.isDone) left.textContent = 'Done';
    this.#showControls();
    this.#onModel();
  }

  get #settings(): Settings {
    const { value } = form.elements.namedItem('size') as RadioNodeList;
    return { size: value as Settings['size'], epochs: epochs.valueAsNumber };
  }

  #ended({ run, keepingProblem }: Session): void {
    const { isDone, measurements } = run!;
    const accuracy = measurements.accuracies.at(-1);
    const step = measurements.steps.at(-1);
    const right =
      accuracy === undefined ? '' : ` ${percent(accuracy)} of the held-out texts right.`;
    const how = isDone
      ? `Done.${right} Try it below.`
      : step === undefined
        ? 'Stopped before the first step.'
        : `Stopped after step ${whole(step)}. Resume goes on from there.`;
    const lost = `It will be gone after a reload: ${keepingProblem}.`;
    this.#say(keepingProblem ? `${how} ${lost}` : how, { bad: keepingProblem !== undefined });
  }

  #progressed(progress: Progress, run: Run): void {
    if (progress.phase !== 'train') {
      tell(status, progress.phase === 'tokenizer' ? 'Learning words…' : 'Preparing the texts…');
      return;
    }
    this.#latest = progress;
    this.#drawing ??= window.setTimeout(() => {
      this.#drawing = undefined;
      this.#showProgress(this.#latest!, run);
    }, REDRAW_EVERY);
  }

  #showProgress(progress: Progress, run: Run): void {
    const { step, totalSteps = step, epoch = 0, remainingSeconds } = progress;
    const share = step / totalSteps;
    bar.value = share;
    stepOf.textContent = `${whole(step)} / ${whole(totalSteps)}`;
    left.textContent = remainingSeconds === undefined ? '–' : duration(remainingSeconds);
    speed.textContent = this.#speed(epoch * (1 - HELD_OUT) * run.examples.length);
    this.#showCurves(run);
    if (this.#phase === 'idle') return;
    const problem = this.#session!.keepingProblem;
    const epochNow = Math.min(Math.floor(epoch) + 1, run.settings.epochs);
    const where = `Epoch ${epochNow} of ${run.settings.epochs}.`;
    if (problem) {
      tell(status, `${where} It goes on, but will be gone after a reload: ${problem}.`, {
        bad: true,
      });
    } else tell(status, this.#phase === 'stopping' ? 'Stopping after this step…' : where);
    if (100 * share < this.#announced + ANNOUNCE_EVERY) return;
    this.#announced = 100 * share;
    announcement.textContent = `${percent(share)} done, loss ${progress.loss!.toFixed(2)}.`;
  }

  /** Over the last seconds, so that it follows what else the machine does. */
  #speed(examples: number): string {
    const time = performance.now();
    this.#recent.push({ time, examples });
    this.#recent = this.#recent.filter((point) => time - point.time <= SPEED_OVER);
    const [first] = this.#recent;
    const seconds = (time - first!.time) / 1000;
    return seconds > 0 ? whole((examples - first!.examples) / seconds) : '–';
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
    for (const figure of [stepOf, left, speed, lossNow, accuracyNow]) figure.textContent = '–';
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
    announcement.textContent = text;
  }
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const whole = (value: number) => Math.round(value).toLocaleString('en');

function duration(seconds: number): string {
  const total = Math.ceil(seconds);
  const [minutes, rest] = [Math.floor(total / 60), String(total % 60).padStart(2, '0')];
  return `${minutes}:${rest}`;
}
