import { time } from './measure.mjs';

/**
 * Where a training step's time goes, by watches around the kernels of the engine. They stay on.
 *
 * @param engine the running engine.
 * @param tf the tfjs it is the backend of.
 * @param steps as of `ourTraining`.
 * @returns `total`, the ms of a step; `kernels`, those of our kernels in it; `text`, a table.
 */
export async function profileKernels(engine, tf, steps, count) {
  const watches = new Watches();
  watch(engine, tf, watches);
  let rows = [];
  const times = await steps(count, (done) => {
    // Neither what was before the steps nor what comes after them counts.
    if (done === 0) watches.rows.clear();
    if (done === count) rows = [...watches.rows].map(([name, row]) => [name, { ...row }]);
  });
  const total = times.reduce((sum, ms) => sum + ms, 0) / count;
  const means = rows
    .map(([name, { group, ms, calls }]) => ({ name, group, ms: ms / count, calls: calls / count }))
    .sort((a, b) => b.ms - a.ms);
  const kernels = sum(means.filter(({ group }) => group === 'native'));
  return { total, kernels, text: formatProfile(total, means) };
}

const sum = (rows) => rows.reduce((ms, row) => ms + row.ms, 0);

const GROUPS = {
  native: 'our wasm kernels',
  tfjs: "tfjs's wasm kernels, and the glue around all kernels",
  heap: 'malloc and free',
};

function watch({ backend }, tf, watches) {
  const { native, heap, pool } = backend;
  backend.native = Object.fromEntries(
    Object.entries(native).map(([name, value]) => [
      name,
      typeof value === 'function' ? watches.around(name, 'native', value) : value,
    ]),
  );
  if (pool) {
    const run = pool.run.bind(pool);
    // The threads together: their time is the main thread's, which takes part and waits for them.
    pool.run = (kernel, ...rest) => watches.around(kernel, 'native', run)(kernel, ...rest);
  }
  for (const kernel of tf.getKernelsForBackend('wasm')) {
    kernel.kernelFunc = watches.around(kernel.kernelName, 'tfjs', kernel.kernelFunc);
  }
  heap.malloc = watches.around('malloc', 'heap', heap.malloc.bind(heap));
  heap.free = watches.around('free', 'heap', heap.free.bind(heap));
}

/** Adds up the time inside functions, without that of watched functions which they call. */
class Watches {
  rows = new Map();
  #inner = 0;

  around(name, group, call) {
    const key = group === 'tfjs' ? `tf.${name}` : name;
    return (...args) => {
      if (!this.rows.has(key)) this.rows.set(key, { group, ms: 0, calls: 0 });
      const row = this.rows.get(key);
      const outer = this.#inner;
      this.#inner = 0;
      let result;
      const ms = time(() => {
        result = call(...args);
      });
      row.ms += ms - this.#inner;
      row.calls++;
      this.#inner = outer + ms;
      return result;
    };
  }
}

/** Rows below this share of the step are left to their group's sum. */
const SMALLEST_SHARE = 0.004;

function formatProfile(total, rows) {
  const line = (name, ms, calls = '') =>
    `${name.padEnd(56)}${ms.toFixed(1).padStart(8)} ms${((100 * ms) / total).toFixed(1).padStart(7)} %${calls.padStart(8)}`;
  const lines = [line('a training step of ours', total, 'calls')];
  for (const [group, title] of Object.entries(GROUPS)) {
    const members = rows.filter((row) => row.group === group);
    lines.push(line(title, sum(members)));
    for (const { name, ms, calls } of members) {
      if (ms >= SMALLEST_SHARE * total) lines.push(line(`    ${name}`, ms, calls.toFixed(0)));
    }
  }
  lines.push(line('the framework: tape, tensors, batches, the loop', total - sum(rows)));
  return lines.join('\n');
}
