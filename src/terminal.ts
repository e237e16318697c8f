/** `anyformer/terminal`: what programs in a terminal show. */
export { terminalProgress } from './cli/terminalProgress.ts';
