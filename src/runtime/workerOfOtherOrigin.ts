/** The addresses of the modules made below, by what they import. */
const modules = new Map<string, string>();

/**
 * `new Worker(address, options)` for a program that another origin may serve, such as a CDN. A browser
 * starts a worker only from the page's own origin, so the worker's own module is one line that imports
 * the program. The page's Content-Security-Policy must allow `worker-src blob:` then.
 */
export function newWorker(address: URL, options: WorkerOptions): Worker {
  if (address.origin === location.origin) return new Worker(address, options);
  const { href } = address;
  if (!modules.has(href)) {
    const module = new Blob([`import ${JSON.stringify(href)};`], { type: 'text/javascript' });
    modules.set(href, URL.createObjectURL(module));
  }
  return new Worker(modules.get(href)!, options);
}
