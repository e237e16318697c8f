/** One row of the bench: run.mjs starts it as a process and receives its results as messages. */
import { registry } from './registry.mjs';
import { measurePeak } from './support/peak.mjs';
import { toResult } from './support/result.mjs';

const [name, ...flags] = process.argv.slice(2);
const { measure } = await registry[name]();
await measure({
  profile: flags.includes('--profile'),
  progress: (text) => process.stderr.write(`${name}: ${text}\n`),
  /** Takes the measurements of one line of the table; see toResult. */
  report: async (measured) => process.send({ result: toResult(measured) }),
  reportProfile: (profile) => process.send({ profile }),
  measurePeak,
});
process.disconnect();
