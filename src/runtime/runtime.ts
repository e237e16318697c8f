import type { KernelBackend } from '@tensorflow/tfjs-core';
import type { Endpoint } from 'comlink';
import type { WorkerData } from '../core/worker.ts';
import type { Storage } from '../storage/storage.ts';

/** The WebAssembly files the engine asks its host for, by their names in `dist/wasm`. */
export const WASM_FILES = [
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm-threaded-simd.wasm',
  'anyformer.simd.wasm',
  'anyformer.relaxed.wasm',
  'anyformer.simd.shared.wasm',
  'anyformer.relaxed.shared.wasm',
] as const;

export type WasmFile = (typeof WASM_FILES)[number];

/** How the engine can be handed a WebAssembly file: bytes to compile, or compiled already. */
export type WasmSource = BufferSource | WebAssembly.Module;

/** A WebAssembly file as a host or a user may give it: itself, or the address to fetch it from. */
export type WasmGiven = WasmSource | URL;

/** What the engine runs on where WebAssembly is refused: tfjs's backend of plain JavaScript. */
export interface JavaScriptFallback {
  /** Why WebAssembly may not run here, and what would allow it; undefined where it may. */
  reason(): Promise<string | undefined>;
  /** Loads the backend, which is a file of its own, with all its kernels. */
  load(): Promise<{ createBackend(): KernelBackend | Promise<KernelBackend> }>;
}

/**
 * What the library cannot know about its host. One leaf per host implements it, and the package's
 * `imports` conditions choose the leaf under the name `#runtime`; nothing is sniffed.
 */
export interface Runtime {
  /** The name that `engine.info()` shows: `node`, `browser`, `workerd`, … */
  readonly name: string;
  /** Gives one of the WebAssembly files that the package ships. */
  loadWasm(file: WasmFile): Promise<WasmGiven>;
  /**
   * Gives it from within the program, where it is not found at the address that loadWasm gives;
   * undefined for a file that does not stand there.
   */
  unpackWasm?(file: WasmFile): Promise<WasmSource | undefined>;
  /** Why the builds with relaxed SIMD are not there, on a host that does not bring them along. */
  readonly withoutRelaxedSimd?: string;
  /** Why there are no threads here, and what gives them; undefined where there are. */
  readonly withoutThreads?: string | undefined;
  /** Threads that may run at once; undefined where there are no workers to share memory with. */
  readonly threads?: {
    /** Processors at this program's disposal. */
    available(): number;
    /** Whether the thread that runs the engine may sleep. */
    readonly mayBlock: boolean;
    /**
     * Starts a worker, which does not keep the process alive. Throws, or calls `onError`
     * later, when it cannot.
     */
    start(data: WorkerData, onError: (error: Error) => void): void;
  };
  /** Workers that whole tasks run in; undefined where there are none. */
  readonly taskWorkers?: TaskWorkers;
  /** On hosts that may refuse WebAssembly and can do without. */
  readonly javaScript?: JavaScriptFallback;
  /** Opens a directory, where there is a file system. */
  openPath?(path: string | URL): Storage;
  /** Reads one file, where there is a file system. */
  readPath?(path: string | URL, signal?: AbortSignal): Promise<Uint8Array>;
  /** What relative addresses go to, where there is a page. */
  readonly base?: string | undefined;
  /** Opens the rest of an address by its scheme, where the host has more than http. */
  readonly schemes?: Readonly<Record<string, (path: string) => Storage>>;
}

/** A worker, or where its program is. */
export type WorkerProgram = object | URL | string;

/** How a host starts workers that whole tasks run in, and what it is in such a worker. */
export interface TaskWorkers {
  /**
   * Starts one. Throws, or calls `onStop` later, when it cannot.
   *
   * @param program the user's own; the package's where it is undefined.
   * @param onStop called when the worker has ended by other means than `terminate`.
   */
  start(
    program: WorkerProgram | undefined,
    onStop: (reason: Error) => void,
  ): StartedWorker | Promise<StartedWorker>;
  /** In such a worker: the line to the code that started it. */
  parent(): Endpoint;
  /** In such a worker: holds a lock by this name for as long as the worker lives. */
  hold?(lock: string): Promise<void>;
  /** In such a worker: relative addresses go to where they go on the page that started it. */
  setBase?(address: string): void;
}

export interface StartedWorker {
  readonly endpoint: Endpoint;
  terminate(): void;
  /** Whether it keeps the process alive, where that is a question. */
  keepAlive?(alive: boolean): void;
  /**
   * Where no event tells that a worker has ended: the name of the lock that it is to hold, and a
   * function to be called once it does.
   */
  readonly lock?: { readonly name: string; watch(): void } | undefined;
}
