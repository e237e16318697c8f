import { type Endpoint, expose, transfer, wrap } from 'comlink';
import { AnyformerError } from '../core/errors.ts';
import { type Decoding, decode, type Encoding, encode } from './wire.ts';

/** What each side lets the other call. Values are as {@link encode} makes them. */
interface Side {
  invoke(id: number, method: string, args: unknown): Promise<Reply>;
  abort(id: number, reason: unknown): void;
}

type Reply = { readonly value: unknown } | { readonly error: unknown };

/** Values on their way, with what of them the other side may call until `end`. */
export interface Parcel {
  readonly wire: unknown;
  readonly transfer: Transferable[];
  end(): void;
}

/** What a call has been handed, and what became of it. */
interface Call {
  readonly decoding: Decoding;
  /** Waits until the other side has answered all; throws what a function failed of. */
  settle(): Promise<void>;
  end(): void;
}

/**
 * A line between two threads on which both may call objects of the other, over comlink.
 *
 * What is handed to a call (functions, signals, iterables, storages) may be used until it has ended.
 */
export class Channel {
  readonly #shared = new Map<number, object>();
  readonly #signals = new Map<number, AbortController>();
  readonly #pending = new Set<(error: Error) => void>();
  readonly #other: { [Name in keyof Side]: (...args: unknown[]) => Promise<unknown> };
  #count = 0;
  #stopped: Error | undefined;

  /**
   * @param handsOver whether this side gives its typed arrays away instead of copying them.
   * @param onBusy told when the first call is waited for, and when no more is.
   */
  constructor(
    endpoint: Endpoint,
    private readonly handsOver: boolean,
    private readonly onBusy: (busy: boolean) => void = () => {},
  ) {
    this.#other = wrap(endpoint) as never;
    const side: Side = {
      invoke: (id, method, args) => this.#serve(id, method, args),
      abort: (id, reason) => this.#signals.get(id)?.abort(decode(reason, this.#receive().decoding)),
    };
    expose(side, endpoint);
  }

  /** Lets the other side call an object's methods. */
  share(target: object): number {
    this.#shared.set(++this.#count, target);
    return this.#count;
  }

  unshare(id: number): void {
    this.#shared.delete(id);
  }

  /** Makes values ready for calls, to be used until the parcel's `end`. */
  pack(values: unknown): Parcel {
    const ends: (() => void)[] = [];
    const encoding: Encoding = {
      transfer: [],
      handsOver: this.handsOver,
      share: (target) => {
        const id = this.share(target);
        ends.push(() => this.unshare(id));
        return id;
      },
      onEnd: (act) => ends.push(act),
      abort: (id, reason) => {
        const { wire } = this.pack(reason);
        if (!this.#stopped) this.#other.abort(id, wire).catch(() => {});
      },
    };
    const wire = encode(values, encoding);
    return { wire, transfer: encoding.transfer, end: () => runAll(ends) };
  }

  /** Calls a method over there, with values that may be used until it answers. */
  async call(id: number, method: string, args: readonly unknown[] = []): Promise<unknown> {
    const parcel = this.pack(args);
    try {
      return await this.callWith(id, method, parcel);
    } finally {
      parcel.end();
    }
  }

  /** Calls a method over there with what is packed already. */
  async callWith(id: number, method: string, { wire, transfer: list }: Parcel): Promise<unknown> {
    const args = typeof wire === 'object' && wire !== null ? transfer(wire, list) : wire;
    const reply = (await this.#waitFor(() => this.#other.invoke(id, method, args))) as Reply;
    const { decoding } = this.#receive();
    if ('error' in reply) throw decode(reply.error, decoding);
    return decode(reply.value, decoding);
  }

  /** Ends it: what is waited for, and what is asked from now on, fails with this error. */
  stop(error: Error): void {
    this.#stopped ??= error;
    for (const reject of [...this.#pending]) reject(this.#stopped);
  }

  async #waitFor(call: () => Promise<unknown>): Promise<unknown> {
    if (this.#stopped) throw this.#stopped;
    let reject: (error: Error) => void;
    const stopped = new Promise<never>((_, stop) => {
      reject = stop;
    });
    this.#pending.add(reject!);
    if (this.#pending.size === 1) this.onBusy(true);
    try {
      return await Promise.race([call(), stopped]);
    } catch (error) {
      throw asClonable(error);
    } finally {
      this.#pending.delete(reject!);
      if (this.#pending.size === 0) this.onBusy(false);
    }
  }

  async #serve(id: number, method: string, wire: unknown): Promise<Reply> {
    const call = this.#receive();
    try {
      const target = this.#shared.get(id) as Record<string, (...args: unknown[]) => unknown>;
      const args = decode(wire, call.decoding) as unknown[];
      const value = await target[method]!(...args);
      await call.settle();
      return this.#reply('value', value);
    } catch (error) {
      await call.settle().catch(() => {});
      return this.#reply('error', error);
    } finally {
      call.end();
    }
  }

  #reply(outcome: 'value' | 'error', value: unknown): Reply {
    const { wire, transfer: list } = this.pack(value);
    return transfer({ [outcome]: wire } as Reply, list);
  }

  #receive(): Call {
    const signals: number[] = [];
    const running = new Set<Promise<unknown>>();
    const failures: unknown[] = [];
    const decoding: Decoding = {
      invoke: (id, method, args) => this.call(id, method, args),
      signal: (id) => {
        const controller = new AbortController();
        this.#signals.set(id, controller);
        signals.push(id);
        return controller;
      },
      called: (id, args) => {
        // Who calls back without waiting hears of a failure at the next call, or at the end.
        if (failures.length > 0) throw failures[0];
        const answer = this.call(id, 'call', args);
        const done: Promise<void> = answer.then(
          () => void running.delete(done),
          (error) => {
            failures.push(error);
            running.delete(done);
          },
        );
        running.add(done);
        return answer;
      },
    };
    const settle = async () => {
      await Promise.all(running);
      if (failures.length > 0) throw failures[0];
    };
    const end = () => {
      for (const id of signals) this.#signals.delete(id);
    };
    return { decoding, settle, end };
  }
}

function runAll(acts: readonly (() => void)[]): void {
  for (const act of acts) act();
}

function asClonable(error: unknown): unknown {
  if (!(error instanceof DOMException && error.name === 'DataCloneError')) return error;
  return new AnyformerError(
    'INVALID_ARGUMENT',
    `A value cannot be handed to the worker: ${error.message}. Pass plain objects, arrays, texts, numbers and bytes.`,
    { cause: error },
  );
}
