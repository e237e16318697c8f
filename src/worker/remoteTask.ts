import { disposeSymbol } from '../core/disposal.ts';
import { AnyformerError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { RunningWorker } from './runningWorker.ts';
import { type TaskDescription, type TaskReply, WORKER } from './serveTasks.ts';
import type { WorkerOption } from './taskWorker.ts';

/** Which task to make, and how. */
export interface TaskCall {
  /** Its name, which a minifier may have taken from the class. */
  readonly name: string;
  readonly how: 'create' | 'load';
  readonly args: readonly unknown[];
}

/**
 * Makes a task in a worker, and what stands for it here: an object of the same class whose methods
 * run there. Its getters tell what was so when the last call ended.
 */
export async function makeInWorker<Task extends object>(
  prototype: Task,
  call: TaskCall,
  option: WorkerOption,
): Promise<Task> {
  const where = `${call.name}.${call.how}`;
  const own = option === true ? await RunningWorker.start(where) : undefined;
  const channel = RunningWorker.channelOf(own ?? option, where);
  try {
    return await makeTask(prototype, call, channel, own);
  } catch (error) {
    own?.dispose();
    throw error;
  }
}

/** @param own what ends with the task. */
export async function makeTask<Task extends object>(
  prototype: Task,
  { name, how, args }: TaskCall,
  channel: Channel,
  own: { dispose(): void } | undefined,
): Promise<Task> {
  try {
    const description = (await channel.call(WORKER, 'make', [name, how, args])) as TaskDescription;
    return new RemoteTask(channel, name, description, own).standIn(prototype);
  } catch (error) {
    throw withReason(error, args);
  }
}

class RemoteTask {
  readonly #running = new Set<Promise<unknown>>();
  #properties: TaskDescription['properties'];
  #disposed = false;

  constructor(
    private readonly channel: Channel,
    private readonly name: string,
    private readonly description: TaskDescription,
    private readonly own: { dispose(): void } | undefined,
  ) {
    this.#properties = description.properties;
  }

  standIn<Task extends object>(prototype: Task): Task {
    const { methods, streams, properties } = this.description;
    const task: Record<string, unknown> = Object.create(prototype);
    const define = (name: PropertyKey, value: unknown) =>
      Object.defineProperty(task, name, { value });
    for (const name of methods) define(name, (...args: unknown[]) => this.#call(name, args));
    for (const name of streams) define(name, (...args: unknown[]) => this.#stream(name, args));
    for (const name of Object.keys(properties)) {
      Object.defineProperty(task, name, { get: () => this.#properties[name] });
    }
    define('dispose', () => this.#dispose());
    define(disposeSymbol, () => this.#dispose());
    return task as Task;
  }

  async #call(method: string, args: readonly unknown[]): Promise<unknown> {
    this.#checkAlive();
    this.#checkCallable(method, args);
    const call = this.channel.call(this.description.id, 'call', [method, args]);
    const reply = (await this.#track(call)) as TaskReply;
    this.#properties = reply.properties;
    if ('error' in reply) throw withReason(reply.error, args);
    return reply.value;
  }

  async *#stream(method: string, args: readonly unknown[]): AsyncGenerator<unknown> {
    this.#checkAlive();
    this.#checkCallable(method, args);
    let end!: () => void;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let call!: Promise<unknown>;
    const opened = new Promise<AsyncIterable<unknown>>((resolve, reject) => {
      const read = (stream: AsyncIterable<unknown>) => {
        resolve(stream);
        return ended;
      };
      call = this.channel.call(this.description.id, 'stream', [method, args, read]);
      call.catch(reject);
      this.#track(call).catch(() => {});
    });
    try {
      yield* await opened;
    } catch (error) {
      throw withReason(error, args);
    } finally {
      end();
      await call.catch(() => {});
    }
  }

  /** A worker of its own ends once all has been told that it was disposed of. */
  #dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const disposing = this.channel.call(this.description.id, 'dispose');
    Promise.allSettled([...this.#running, disposing]).then(() => this.own?.dispose());
  }

  async #track<T>(call: Promise<T>): Promise<T> {
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  /** A function of this side answers the worker by a promise, which some have no time for. */
  #checkCallable(method: string, args: readonly unknown[]): void {
    for (const arg of args) {
      for (const option of this.description.synchronous) {
        const given = (arg as Record<string, unknown> | undefined)?.[option];
        if (!Array.isArray(given) || given.length === 0) continue;
        throw new AnyformerError(
          'UNSUPPORTED',
          `${this.name}.${method}: ${option} has functions of this thread, which a task in a worker cannot call at every token; leave it out, or create or load the ${this.name} without worker.`,
        );
      }
    }
  }

  #checkAlive(): void {
    if (!this.#disposed) return;
    throw new AnyformerError(
      'DISPOSED',
      `This ${this.name} was disposed of; create or load another.`,
    );
  }
}

/** An abort has the very reason of the signal for its cause, which crossed as a copy. */
function withReason(error: unknown, args: readonly unknown[]): unknown {
  if (!(error instanceof AnyformerError) || error.code !== 'ABORTED') return error;
  const signals = args.map((arg) => (arg as { signal?: AbortSignal } | undefined)?.signal);
  const fired = signals.find((signal) => signal?.aborted);
  if (fired) error.cause = fired.reason;
  return error;
}
