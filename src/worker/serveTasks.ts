import type { Endpoint } from 'comlink';
import type { Engine } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/engineOptions.ts';
import type { TaskWorkers } from '../runtime/runtime.ts';
import { Channel } from './channel.ts';

/** A task that may run in a worker. */
export interface TaskRow {
  /** The class; `create` and `load` make one, which has methods, getters and `dispose`. */
  readonly task: TaskClass;
  /** Its methods that give an AsyncIterable. All others give a promise. */
  readonly streams?: readonly string[];
  /** Options of its methods whose functions must answer at once, which those of a page cannot. */
  readonly synchronous?: readonly string[];
}

type Method = (...args: unknown[]) => unknown;
type Task = Record<string, unknown> & { dispose(): void };
interface TaskClass {
  readonly prototype: object;
  create(...args: never[]): Promise<object>;
  load(...args: never[]): Promise<object>;
}

/** What the page has to know of a task that runs here. */
export interface TaskDescription {
  readonly id: number;
  readonly methods: readonly string[];
  readonly streams: readonly string[];
  readonly synchronous: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** How a call of a task went, and its properties after it. */
export type TaskReply = ({ readonly value: unknown } | { readonly error: unknown }) & {
  readonly properties: TaskDescription['properties'];
};

/** The first object of the channel. */
export const WORKER = 1;

/** Serves the tasks to the code that started this worker: the whole of its program. */
export function serveTasks(
  tasks: Readonly<Record<string, TaskRow>>,
  createEngine: (options?: EngineOptions) => Promise<Engine>,
  endpoint: Endpoint,
  { hold, setBase }: Pick<TaskWorkers, 'hold' | 'setBase'> = {},
): void {
  const channel = new Channel(endpoint, true);
  channel.share({
    async start(lock: string | undefined, base: string | undefined) {
      if (base !== undefined) setBase?.(base);
      if (lock !== undefined) await hold?.(lock);
    },
    async engine(options: EngineOptions) {
      await createEngine(options);
    },
    info: async () => (await createEngine()).info(),
    async make(name: string, how: 'create' | 'load', args: never[]): Promise<TaskDescription> {
      const { task: taskClass, streams = [], synchronous = [] } = tasks[name]!;
      const task = (await taskClass[how](...args)) as Task;
      const { methods, getters } = membersOf(taskClass.prototype, streams);
      const id = channel.share(new ServedTask(task, getters, () => channel.unshare(id)));
      return { id, methods, streams, synchronous, properties: propertiesOf(task, getters) };
    },
  });
}

/** A task, as the page calls it. */
class ServedTask {
  constructor(
    private readonly task: Task,
    private readonly getters: readonly string[],
    private readonly forget: () => void,
  ) {}

  async call(method: string, args: unknown[]): Promise<TaskReply> {
    try {
      const value = await (this.task[method] as Method)(...args);
      return { value, properties: propertiesOf(this.task, this.getters) };
    } catch (error) {
      return { error, properties: propertiesOf(this.task, this.getters) };
    }
  }

  /** Hands a stream to `read`, which has ended once all is read that is wanted. */
  async stream(
    method: string,
    args: unknown[],
    read: (stream: unknown) => Promise<void>,
  ): Promise<void> {
    await read((this.task[method] as Method)(...args));
  }

  dispose(): void {
    this.forget();
    this.task.dispose();
  }
}

function membersOf(prototype: object, streams: readonly string[]) {
  const members = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  const getters = members.filter(([, { get }]) => get).map(([name]) => name);
  const isCall = (name: string) => !['constructor', 'dispose', ...streams].includes(name);
  const methods = members
    .filter(([name, { value }]) => typeof value === 'function' && isCall(name))
    .map(([name]) => name);
  return { methods, getters };
}

const propertiesOf = (task: Task, getters: readonly string[]) =>
  Object.fromEntries(getters.map((name) => [name, task[name]]));
