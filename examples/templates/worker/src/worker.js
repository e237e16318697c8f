import { HttpStorage, TextClassifier } from 'anyformer';

let loading;

/** Loads the model once for each isolate, from the files in `public`. */
function load(assets) {
  const storage = new HttpStorage('http://assets/model', (input, init) =>
    assets.fetch(input, init),
  );
  loading ??= TextClassifier.load(storage).catch((error) => {
    // The next request tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}

export default {
  /** `POST /` with `{ "text": "…" }` answers with the labels and their scores. */
  async fetch(request, env) {
    if (request.method !== 'POST') {
      return Response.json({ error: 'Send a POST with { "text": "…" }.' }, { status: 405 });
    }
    const { text } = Object(await request.json().catch(() => undefined));
    if (typeof text !== 'string') {
      return Response.json({ error: 'Send { "text": "…" }.' }, { status: 400 });
    }
    const classifier = await load(env.ASSETS);
    return Response.json(await classifier.predict(text, { minScore: 0.5 }));
  },
};
