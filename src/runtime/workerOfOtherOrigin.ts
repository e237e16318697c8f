/** The addresses of the modules made below, by what they import. */
const modules = new Map<string, string>();

/**
 * `new Worker(address, options)` for a program that another origin may serve, such as a CDN. A browser
 * starts a worker only from the page's own origin, so the worker's own module is a few lines that
 * import the program. The page's Content-Security-Policy must allow `worker-src blob:` then.
 */
export function newWorker(address: URL, options: WorkerOptions): Worker {
  if (address.origin === location.origin) return new Worker(address, options);
  const { href } = address;
  if (!modules.has(href)) {
    const module = new Blob([moduleThatImports(href)], { type: 'text/javascript' });
    modules.set(href, URL.createObjectURL(module));
  }
  return new Worker(modules.get(href)!, options);
}

/**
 * WebKit refuses a static import from another origin here, and messages can arrive while a dynamic one
 * is under way: the module keeps them for the program.
 */
const moduleThatImports = (href: string) => `
const early = [];
const keep = ({ data, ports }) => early.push({ data, ports: [...ports] });
addEventListener('message', keep);
import(${JSON.stringify(href)}).then(() => {
  removeEventListener('message', keep);
  for (const message of early) dispatchEvent(new MessageEvent('message', message));
}, (error) => setTimeout(() => { throw error; }));
`;
