import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkAgreement } from '../support/agreement.mjs';

const program = fileURLToPath(new URL('../support/withoutWasm.mjs', import.meta.url));

/** What a page loses that may not run WebAssembly: the spam filter's model on plain JavaScript. */
export async function measure({ progress, report }) {
  progress('WebAssembly');
  const ours = await run('wasm');
  progress('plain JavaScript');
  const javaScript = await run('javascript');
  checkAgreement('plain-javascript: the probabilities', ours.scores, javaScript.scores);
  const parts = {
    predict: 'plain-javascript, predict B8 T160',
    step: 'plain-javascript, train-step B8 T160',
  };
  for (const [part, name] of Object.entries(parts)) {
    await report({
      name,
      ours: ours[part],
      peers: [{ peerName: 'ours, plain JavaScript', peer: javaScript[part] }],
      unit: 'ms',
      threads: 1,
      relaxed: false,
    });
  }
}

/** Runs the program to its end and gives what it sends. */
function run(backend) {
  return new Promise((resolve, reject) => {
    const child = fork(program, [backend], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let message;
    child.on('message', (received) => {
      message = received;
      child.disconnect();
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (message?.backend === backend && code === 0) resolve(message);
      else
        reject(
          new Error(`${backend} ran on ${message?.backend} and ended with exit code ${code}.`),
        );
    });
  });
}
