import { compareThreads } from '../support/compareThreads.mjs';

/** Many threads against one. */
export async function measure({ progress, report }) {
  for (const [job, title] of [
    ['train-step', 'train-step B32 T128'],
    ['gemm', 'gemm 1024^3 NN'],
  ]) {
    progress(job);
    await report({ name: `threads, ${title}`, ...(await compareThreads(job)) });
  }
}
