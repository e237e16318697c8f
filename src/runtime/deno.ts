import { runtime as node } from './node.ts';
import type { Runtime } from './runtime.ts';

/** Deno has what the leaf for Node needs. */
export const runtime: Runtime = { ...node, name: 'deno' };
