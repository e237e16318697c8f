import fc from 'fast-check';

/** The same 10,000 shapes in every run; `SEED=2 npm run test:slow` tries others. */
fc.configureGlobal({ seed: Number(process.env.SEED ?? 1) });
