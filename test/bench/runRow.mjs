/** One row of the bench: run.mjs starts it as a process and receives its results as messages. */
import { registry } from './registry.mjs';
import { toResults } from './support/result.mjs';

const [name, ...flags] = process.argv.slice(2);
const { measure } = await registry[name]();
await measure({
  profile: flags.includes('--profile'),
  progress: (text) => process.stderr.write(`${name}: ${text}\n`),
  /** Takes the measurements of one line of the table, of one against each peer; see toResults. */
  report: async (measured) => {
    for (const result of toResults(measured)) await send({ result });
  },
  reportProfile: (profile) => send({ profile }),
});
// A peer's threads may keep the process alive.
process.exit();

function send(message) {
  return new Promise((resolve, reject) => {
    process.send(message, (error) => (error ? reject(error) : resolve()));
  });
}
