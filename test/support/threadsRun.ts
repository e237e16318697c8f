/**
 * A piece of a program whose `engine` has been given work for all its threads: waits until they are
 * there and take part.
 */
export const untilThreadsRun = `
  for (const end = performance.now() + 20_000; ; ) {
    const { count, running } = engine.info().threads;
    if (running === count) break;
    if (performance.now() > end) throw new Error('Of ' + count + ' threads there run ' + running);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }`;
