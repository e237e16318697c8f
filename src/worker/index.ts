// What a program without workers does not load.
export { makeInWorker } from './remoteTask.ts';
export { RunningWorker } from './runningWorker.ts';
