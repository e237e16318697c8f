/**
 * Runs after an install: takes the `node` of the test hosts out of node_modules/.bin, where npm's
 * scripts would find it before the Node that they were started with.
 */
import { rm } from 'node:fs/promises';

await rm(new URL('../../node_modules/.bin/node', import.meta.url), { force: true });
