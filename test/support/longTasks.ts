import type { Page } from 'puppeteer-core';

/** What browsers call a long task, in milliseconds. */
const LONG = 50;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: when it began, how long it took, and how much of the processor it had. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/**
 * Milliseconds of the long tasks of a page's main thread while something runs, by what the thread
 * had of the processor. A PerformanceObserver goes by the clock, which also runs while a busy machine
 * gives the processor to others. For Chromium.
 */
export async function longTasks(page: Page, act: () => Promise<unknown>): Promise<number[]> {
  const mark = (name: string) => page.evaluate((name) => void performance.mark(name), name);
  await page.tracing.start({
    categories: ['-*', 'disabled-by-default-devtools.timeline', 'blink.user_timing'],
  });
  await mark('act');
  await act();
  await mark('control');
  // This one must be seen, however little of the processor there is.
  await page.evaluate(() => {
    const end = performance.now() + 500;
    while (performance.now() < end);
  });
  await mark('end');
  const trace = await page.tracing.stop();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace));
  const marked = (name: string) => {
    const found = (traceEvents as TraceEvent[]).find((event) => event.name === name);
    if (!found) throw new Error(`The trace has no mark ${name}: it was full before the end.`);
    return found;
  };
  const [began, control, end] = [marked('act'), marked('control'), marked('end')];
  const tasks = (traceEvents as TraceEvent[])
    .filter(({ name, pid, tid }) => name === 'RunTask' && pid === began.pid && tid === began.tid)
    // Chromium leaves the processor's time out of a few; it is at most what they took.
    .map(({ ts, dur, tdur }) => ({ ts, milliseconds: (tdur ?? dur ?? Number.NaN) / 1000 }));
  const between = (from: TraceEvent, to: TraceEvent) =>
    tasks
      .filter(({ ts, milliseconds }) => ts >= from.ts && ts < to.ts && !(milliseconds < LONG))
      .map(({ milliseconds }) => milliseconds);
  const seen = between(control, end);
  if (!seen.some((milliseconds) => milliseconds >= LONG)) {
    throw new Error(`Of a long task this was seen: [${seen}] ms.`);
  }
  return between(began, control);
}
