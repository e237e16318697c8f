import { chromium, firefox } from '../support/chromium.ts';
import { webkit } from '../support/webkit.ts';
import { browserHosts } from './hosts/browser.mjs';
import { bun } from './hosts/bun.mjs';
import { deno } from './hosts/deno.mjs';
import { edgeRuntime } from './hosts/edgeRuntime.mjs';
import { node } from './hosts/node.mjs';
import { workerd } from './hosts/workerd.mjs';

/**
 * A host: where the conformance program runs. One file in hosts/ and one row here.
 *
 * @typedef {object} Host
 * @property {string} name
 * @property {string} runtime the leaf of src/runtime that has to be chosen there.
 * @property {string | undefined} missing how to get it, where it is not there.
 * @property {(folder: string) => Promise<{ runtime: string, results: object }>} run runs
 *   program.mjs, which stands in `folder` beside the installed package.
 * @property {Host['run']} [runInWorker] the same with all of it in a worker, where there are some.
 */

/** Those that are compared with the first. @type {readonly Host[]} */
export const hosts = [
  node(),
  node(22),
  node(24),
  deno,
  bun,
  workerd(),
  workerd('nodejs_compat'),
  edgeRuntime,
  ...browserHosts('Chromium', chromium),
  ...browserHosts('Firefox', firefox),
  ...browserHosts('WebKit', webkit),
];
