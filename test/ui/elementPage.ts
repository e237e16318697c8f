import type { Browser, Page } from 'puppeteer-core';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { toyReviews } from '../examples/runExample.ts';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { openPage, type WatchedPage } from '../support/chromium.ts';
import { pageOf, strictPolicy } from '../support/pagePrograms.ts';
import { type Site, type StaticServer, serveStatic } from '../support/staticServer.ts';

/** Saves a classifier of film reviews twice, as `first` and `second`, in a new folder. */
export async function saveModels(): Promise<string> {
  const folder = await temporaryFolder();
  const classifier = await TextClassifier.create({
    maxLength: 16,
    tokenizer: { type: 'wordpiece', vocabSize: 200 },
    encoder: {
      hiddenSize: 32,
      numHiddenLayers: 1,
      numAttentionHeads: 2,
      intermediateSize: 32,
      dropout: 0.1,
      pooling: 'mean',
      hiddenAct: 'relu',
    },
  });
  await classifier.train(toyReviews(120), {
    epochs: 5,
    batchSize: 32,
    learningRate: 5e-3,
    validationSplit: 0,
  });
  for (const name of ['first', 'second']) await classifier.save(`${folder}/${name}`);
  classifier.dispose();
  return folder;
}

/** What the page of the tests keeps of an element, by the name `shown()`. */
export interface Shown {
  readonly state: string;
  readonly status: string;
  readonly rows: readonly string[];
  readonly error: string | null;
}

const PAGE = `
  globalThis.events = [];
  globalThis.element = undefined;
  globalThis.put = (attributes) => {
    element = document.createElement('anyformer-classifier');
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    for (const name of ['load', 'prediction', 'error']) {
      element.addEventListener(name, ({ type, detail }) => events.push({ type, detail }));
    }
    document.body.append(element);
  };
  globalThis.inside = (selector) => element.shadowRoot.querySelector(selector);
  globalThis.shown = () => ({
    state: element.state,
    status: inside('[role=status]').textContent,
    rows: [...element.shadowRoot.querySelectorAll('li')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim()),
    error: inside('[role=alert]').hidden ? null : inside('[role=alert] p').textContent,
  });
`;

export interface ElementPage extends WatchedPage {
  readonly page: Page;
  readonly server: StaticServer;
  close(): Promise<void>;
}

/**
 * A page that has the script under a strict policy. `program` runs before the script does, `body` is the
 * page's own html.
 */
export async function openElementPage(
  browser: Browser,
  models: string,
  { body = '', program = '', ...site }: Site & { body?: string; program?: string } = {},
): Promise<ElementPage> {
  const server = await serveStatic({
    policy: strictPolicy({ wasm: true }),
    ...site,
    folders: { '/dist/': `${root}dist`, '/models/': models },
    files: {
      '/index.html': pageOf('/page.js', '/dist/anyformer.iife.js').replace(
        '<title>',
        `<body>${body}<title>`,
      ),
      '/page.js': PAGE + program,
      ...site.files,
    },
  });
  const opened = await openPage(browser, `${server.address}index.html`);
  const close = async () => {
    await opened.page.close();
    await server.close();
  };
  return { ...opened, server, close };
}
