import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Linux tells the processor time of other processes in files. */
export const knowsProcessorTime = existsSync('/proc/self/stat');

/**
 * Milliseconds of processor time, of all its threads, that the running workerd has used since it
 * began: what its start takes on a machine that has nothing else to do, or more.
 */
export function processorTime() {
  const workers = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // pid (name) state parent … utime stime, in ticks of 10 ms
      const [, name, rest] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      const fields = rest.split(' ');
      const isOurs = name === 'workerd' && Number(fields[1]) === process.pid;
      return isOurs ? [(Number(fields[11]) + Number(fields[12])) * 10] : [];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
  if (workers.length !== 1) throw new Error(`${workers.length} workerd are running, not one.`);
  return workers[0];
}

/**
 * Bytes of JavaScript objects in a Worker after garbage collection, by its inspector.
 *
 * @param {import('miniflare').Miniflare} worker started with `inspectorPort: 0`.
 * @returns {Promise<number>}
 */
export async function javaScriptHeapBytes(worker) {
  // Node 20 has no WebSocket of its own; miniflare brings one.
  const require = createRequire(createRequire(import.meta.url).resolve('miniflare'));
  const { WebSocket } = require('ws');
  const inspector = await worker.getInspectorURL();
  const socket = new WebSocket(new URL('/core:user:', inspector));
  try {
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const call = async (id, method) => {
      const answer = ask(socket, id, method);
      // The inspector has its turn while the Worker answers a request.
      await worker.dispatchFetch('http://worker/');
      return answer;
    };
    await call(1, 'HeapProfiler.enable');
    await call(2, 'HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize } = await call(3, 'Runtime.getHeapUsage');
    return usedSize + embedderHeapUsedSize;
  } finally {
    socket.terminate();
  }
}

function ask(socket, id, method) {
  return new Promise((resolve, reject) => {
    socket.on('message', function answered(message) {
      const { id: answers, result, error } = JSON.parse(message);
      if (answers !== id) return;
      socket.off('message', answered);
      if (error) reject(new Error(`${method}: ${error.message}`));
      else resolve(result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
