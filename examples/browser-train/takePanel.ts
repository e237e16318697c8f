import { ZipStorage } from 'anyformer';
import { find, tell } from './dom.ts';
import { packPage } from './packPage.ts';
import { sentenceOf } from './plainWords.ts';
import type { Session } from './session.ts';

const status = find('take-status');
const zipButton = find<HTMLButtonElement>('download');
const pageButton = find<HTMLButtonElement>('download-html');
const loadButton = find<HTMLButtonElement>('load');
const file = find<HTMLInputElement>('model-file');

const HINT = status.textContent ?? '';

/** Downloads of the model, and the way back in. */
export class TakePanel {
  readonly #session: Session;

  /** @param onLoad called when a model of a file has taken the place of the one before it. */
  constructor(session: Session, onLoad: () => void) {
    this.#session = session;
    zipButton.addEventListener('click', () =>
      attempt(async () => {
        const zip = new ZipStorage();
        await session.classifier!.save(zip);
        offer(await zip.blob(), 'classifier.zip');
      }),
    );
    pageButton.addEventListener('click', () =>
      attempt(async () => {
        tell(status, 'Packing…');
        offer(await packPage(session.classifier!), 'classifier.html');
      }),
    );
    loadButton.addEventListener('click', () => file.click());
    file.addEventListener('change', () =>
      attempt(async () => {
        const [chosen] = file.files ?? [];
        if (!chosen) return;
        const loading = session.load(chosen);
        // So that the same file can be chosen again.
        file.value = '';
        await loading;
        tell(status, `“${chosen.name}” is open.`);
        onLoad();
      }),
    );
  }

  show(isTraining: boolean): void {
    const { hasModel } = this.#session;
    zipButton.disabled = pageButton.disabled = isTraining || !hasModel;
    loadButton.disabled = isTraining;
    if (isTraining) tell(status, HINT);
  }
}

async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    tell(status, sentenceOf(error), { bad: true });
  }
}

function offer(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  const size =
    blob.size < 1e6 ? `${Math.ceil(blob.size / 1e3)} KB` : `${(blob.size / 1e6).toFixed(1)} MB`;
  tell(status, `${name}, ${size}, is in your downloads.`);
}
