import { runtime } from '#runtime';
import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError, show } from '../core/errors.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/engineOptions.ts';
import type { StartedWorker, WorkerProgram } from '../runtime/runtime.ts';
import { Channel } from './channel.ts';
import { WORKER } from './serveTasks.ts';
import type { TaskWorker } from './taskWorker.ts';

/** A program of another kind never answers, and nobody should wait for it for ever. */
const START_SECONDS = 60;

/** The one implementation of {@link TaskWorker}. */
export class RunningWorker implements TaskWorker {
  readonly #channel: Channel;

  private constructor(
    private readonly started: StartedWorker,
    channel: Channel,
  ) {
    this.#channel = channel;
  }

  /**
   * @param where who asks, for messages.
   * @throws AnyformerError `UNSUPPORTED` where there are no workers; `WORKER_STOPPED` when it does
   *   not start; what `createEngine` throws, where there are options for it.
   */
  static async start(
    where: string,
    program?: WorkerProgram,
    engine?: EngineOptions,
  ): Promise<RunningWorker> {
    if (!runtime.taskWorkers) {
      throw new AnyformerError(
        'UNSUPPORTED',
        `${where}: there are no workers in ${runtime.name}; leave worker out, and the same calls run in this thread.`,
      );
    }
    let channel: Channel | undefined;
    let isRunning = false;
    const onStop = (cause: Error) => {
      channel?.stop(isRunning ? stopped(cause) : notStarted(where, cause));
    };
    let started: StartedWorker;
    try {
      started = await runtime.taskWorkers.start(program, onStop);
    } catch (cause) {
      throw notStarted(where, cause as Error);
    }
    channel = new Channel(started.endpoint, false, (busy) => started.keepAlive?.(busy));
    const late = new Error(`its program did not answer within ${START_SECONDS} s`);
    const timer = setTimeout(() => onStop(late), START_SECONDS * 1000);
    try {
      await channel.call(WORKER, 'start', [started.lock?.name, runtime.base]);
      isRunning = true;
      started.lock?.watch();
      clearTimeout(timer);
      if (engine) await channel.call(WORKER, 'engine', [engine]);
    } catch (error) {
      clearTimeout(timer);
      started.terminate();
      throw error;
    }
    return new RunningWorker(started, channel);
  }

  info(): Promise<EngineInfo> {
    return this.#channel.call(WORKER, 'info') as Promise<EngineInfo>;
  }

  dispose(): void {
    this.#channel.stop(
      new AnyformerError(
        'WORKER_STOPPED',
        'The worker was ended by dispose(), and all that ran in it; make another with createWorker.',
      ),
    );
    this.started.terminate();
  }

  [disposeSymbol](): void {
    this.dispose();
  }

  /** Of a worker: what only tasks need. */
  static channelOf(worker: unknown, where: string): Channel {
    if (worker instanceof RunningWorker) return worker.#channel;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: worker must be true, false or what createWorker gives, received ${show(worker)}.`,
    );
  }
}

const stopped = (cause: Error) =>
  new AnyformerError(
    'WORKER_STOPPED',
    `The worker stopped (${cause.message}), and what it held is lost. Create or load the task again; ` +
      'a training with an outputDir goes on from its last checkpoint with resumeFromCheckpoint: true.',
    { cause },
  );

const notStarted = (where: string, cause: Error) =>
  new AnyformerError(
    'WORKER_STOPPED',
    `${where}: the worker could not be started: ${cause.message}. Without worker the same calls run in this thread.`,
    { cause },
  );
