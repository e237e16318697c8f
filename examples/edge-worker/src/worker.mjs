import { TextClassifier } from 'anyformer';
import knownWords from '../public/model/anyformer.safetensors';
import config from '../public/model/config.json';
import weights from '../public/model/model.safetensors';
import tokenizer from '../public/model/tokenizer.json';
import tokenizerConfig from '../public/model/tokenizer_config.json';
import { answer, predict, train } from './answer.mjs';

const files = new Map([
  ['anyformer.safetensors', new Uint8Array(knownWords)],
  ['config.json', new Uint8Array(config)],
  ['model.safetensors', new Uint8Array(weights)],
  ['tokenizer.json', new Uint8Array(tokenizer)],
  ['tokenizer_config.json', new Uint8Array(tokenizerConfig)],
]);

// At the start of the Worker, before its first request: all it needs is there.
const classifier = await TextClassifier.load(files);

/**
 * A Cloudflare Worker: `POST /` labels a text, `POST /train` takes a small training step.
 *
 * The step changes the model of this one isolate, until Cloudflare ends it.
 */
export default {
  /**
   * @param {Request} request
   * @param {{ TRAINING_TOKEN?: string }} env
   */
  fetch: (request, env) =>
    answer(request, (body) =>
      new URL(request.url).pathname === '/train'
        ? train(classifier, body, request, env.TRAINING_TOKEN)
        : predict(classifier, body),
    ),
};
