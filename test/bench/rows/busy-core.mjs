import { spawn } from 'node:child_process';
import { compareThreads } from '../support/compareThreads.mjs';

/** Many threads against one while another program keeps a core busy: they must not be slower. */
export async function measure({ progress, report }) {
  progress('train-step beside a process that never rests');
  const spinning = spawn(process.execPath, ['-e', 'for (;;) {}'], { stdio: 'ignore' });
  try {
    const measured = await compareThreads('train-step', { isWatched: false });
    await report({ name: 'busy-core, train-step B32 T128', ...measured });
  } finally {
    spinning.kill();
  }
}
