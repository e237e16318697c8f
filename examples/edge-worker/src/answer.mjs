import { AnyformerError } from 'anyformer';

/** @typedef {import('anyformer').TextClassifier} TextClassifier */

/** What the sender of a request can mend. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const MOST_CHARACTERS = 100_000;
const MOST_EXAMPLES = 32;

/** Training steps so far. */
let steps = 0;

/**
 * Answers a POST of JSON with what `respond` gives for it, or with an error as JSON.
 *
 * @param {Request} request
 * @param {(body: any) => Promise<unknown>} respond
 */
export async function answer(request, respond) {
  try {
    return Response.json(await respond(await readBody(request)));
  } catch (error) {
    return Response.json({ error: error.message }, { status: statusOf(error) });
  }
}

/**
 * Labels `{ text }`.
 *
 * @param {TextClassifier} classifier
 * @param {{ text: string }} body
 */
export async function predict(classifier, { text }) {
  if (typeof text !== 'string') throw new Refusal(400, 'Send { "text": "…" }.');
  return classifier.predict(text);
}

/**
 * One small step of training on `{ examples: [{ text, label }, …] }`, for whoever knows the token.
 *
 * @param {TextClassifier} classifier
 * @param {{ examples: { text: string, label: string }[] }} body
 * @param {Request} request
 * @param {string | undefined} token undefined where there is no training.
 */
export async function train(classifier, { examples }, request, token) {
  if (token === undefined) throw new Refusal(403, 'Training is switched off: no TRAINING_TOKEN.');
  if (request.headers.get('authorization') !== `Bearer ${token}`) {
    throw new Refusal(401, 'Send the training token: Authorization: Bearer ….');
  }
  if (!Array.isArray(examples) || examples.length < 1 || examples.length > MOST_EXAMPLES) {
    throw new Refusal(
      400,
      `Send { "examples": [{ "text", "label" }, …] }, ${MOST_EXAMPLES} at most.`,
    );
  }
  const { trainLoss } = await classifier.train(examples, {
    epochs: 1,
    batchSize: examples.length,
    learningRate: 1e-3,
    lrSchedulerType: 'constant',
    // So few examples are learned from, all of them; to measure takes longer than to learn.
    validationSplit: 0,
    // The same seed drops the same units each time, and the step then fits those that are left.
    seed: ++steps,
  });
  return { loss: trainLoss };
}

/** @param {Request} request */
async function readBody(request) {
  if (request.method !== 'POST') throw new Refusal(405, 'Send a POST with JSON.');
  const text = await request.text();
  if (text.length > MOST_CHARACTERS) {
    throw new Refusal(413, `Send ${MOST_CHARACTERS} characters at most.`);
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new Refusal(400, 'Send JSON.');
  }
}

/** @param {unknown} error */
function statusOf(error) {
  if (error instanceof Refusal) return error.status;
  if (!(error instanceof AnyformerError)) return 500;
  // INVALID_ARGUMENT: another training is running.
  return { INVALID_DATA: 400, INVALID_ARGUMENT: 409 }[error.code] ?? 500;
}
