import { runtime as node } from './node.ts';
import type { Runtime } from './runtime.ts';

/** Bun has what the leaf for Node needs. */
export const runtime: Runtime = { ...node, name: 'bun' };
