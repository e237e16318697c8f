import { AnyformerError, show } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import type { LogEntry, TrainingState } from './trainingState.ts';

/** The spelling of a state in `trainer_state.json`: HF's keys where HF has them. */
export function stateToJson(state: TrainingState): JsonObject {
  return {
    global_step: state.globalStep,
    best_metric: state.bestMetric ?? null,
    best_global_step: state.bestStep ?? null,
    data_cursor: { epoch: state.epoch, batch: state.batch },
    evaluated_step: state.evaluatedStep,
    evaluations_since_best: state.evaluationsSinceBest,
    stopped_early: state.stoppedEarly,
    loss_sum: state.lossSum,
    unlogged_loss_sum: state.unloggedLossSum,
    logged_step: state.loggedStep,
    log_history: state.logHistory.map(entryToJson),
  };
}

function entryToJson(entry: LogEntry): JsonObject {
  const json: JsonObject = { step: entry.step, epoch: entry.epoch };
  if (entry.loss !== undefined) json.loss = entry.loss;
  if (entry.learningRate !== undefined) json.learning_rate = entry.learningRate;
  if (entry.gradNorm !== undefined) json.grad_norm = entry.gradNorm;
  for (const [name, value] of Object.entries(entry.metrics ?? {})) json[`eval_${name}`] = value;
  return json;
}

/** @throws AnyformerError `INVALID_FILE` naming the field that is not as it was written. */
export function stateFromJson(json: JsonObject, where: string): TrainingState {
  const field = <T>(name: string, value: unknown, accepts: (x: unknown) => x is T): T => {
    if (accepts(value)) return value;
    throw new AnyformerError(
      'INVALID_FILE',
      `${where} has ${name} ${show(value)}, which no checkpoint has; it may be torn or changed by hand. Use another checkpoint.`,
    );
  };
  const count = (name: string) => field(name, json[name], isCount);
  const cursor = field('data_cursor', json.data_cursor, isJsonObject);
  const globalStep = count('global_step');
  return {
    globalStep,
    epoch: field('data_cursor.epoch', cursor.epoch, isCount),
    batch: field('data_cursor.batch', cursor.batch, isCount),
    logHistory: field('log_history', json.log_history, isEntries).map(entryFromJson),
    lossSum: field('loss_sum', json.loss_sum, isNumber),
    unloggedLossSum: field('unlogged_loss_sum', json.unlogged_loss_sum, isNumber),
    loggedStep: count('logged_step'),
    evaluatedStep: count('evaluated_step'),
    savedStep: globalStep,
    bestMetric: field('best_metric', json.best_metric ?? undefined, isOptionalNumber),
    bestStep: field('best_global_step', json.best_global_step ?? undefined, isOptionalNumber),
    evaluationsSinceBest: count('evaluations_since_best'),
    stoppedEarly: field('stopped_early', json.stopped_early, isBoolean),
  };
}

function entryFromJson(json: JsonObject): LogEntry {
  const { step, epoch, loss, learning_rate, grad_norm, ...rest } = json as Record<string, number>;
  if (loss !== undefined) {
    return { step, epoch, loss, learningRate: learning_rate, gradNorm: grad_norm } as LogEntry;
  }
  const metrics = Object.fromEntries(
    // JSON has no NaN: it is written as null.
    Object.entries(rest).map(([name, value]) => [name.replace(/^eval_/, ''), value ?? Number.NaN]),
  );
  return { step, epoch, metrics } as LogEntry;
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0;
const isNumber = (x: unknown): x is number => typeof x === 'number';
const isOptionalNumber = (x: unknown): x is number | undefined => x === undefined || isNumber(x);
const isBoolean = (x: unknown): x is boolean => typeof x === 'boolean';
const isEntries = (x: unknown): x is JsonObject[] =>
  Array.isArray(x) &&
  x.every((entry) => isJsonObject(entry) && isNumber(entry.step) && isNumber(entry.epoch));
