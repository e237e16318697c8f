// A decoder over a few tokens, from their ids to the scores of the next ones, in one call: norm,
// queries keys values, append to the cache, attention over the cache, attention to a source where there is
// one, feed-forward part; layer by layer.

import {
  APPEND,
  ATTEND,
  ATTEND_SOURCE,
  CONTRACT,
  EMBED,
  EXPAND,
  f32_decode_phase,
  FINISH,
  MIX,
  MIX_SOURCE,
  NORMALIZE,
  NORMALIZE_AGAIN,
  NORMALIZE_SOURCE,
  PROJECT,
  PROJECT_SOURCE,
  SCORE,
} from './f32_decode_phase';
import { DecodeModel, DecodeStep } from './f32_decode_records';

/**
 * All phases of `f32_decode_phase` one after the other. It is one unit: threads share the phases.
 *
 * @param model address of a DecodeModel, see f32_decode_records.ts.
 * @param step address of a DecodeStep; its tokens are appended to the cache.
 * @param scratch `f32_decode_scratchBytes(model)` bytes.
 */
export function f32_decode(
  model: DecodeModel,
  step: DecodeStep,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  if (begin >= end) return;
  const rows = step.rows;
  const width = model.width;
  f32_decode_phase(model, step, EMBED, 0, scratch, 0, rows);
  for (let layer: i32 = 0; layer < model.layerCount; layer++) {
    f32_decode_phase(model, step, NORMALIZE, layer, scratch, 0, rows);
    f32_decode_phase(model, step, PROJECT, layer, scratch, 0, model.fusedWidth);
    f32_decode_phase(model, step, APPEND, layer, scratch, 0, rows);
    f32_decode_phase(model, step, ATTEND, layer, scratch, 0, rows * model.keyValueHeads);
    f32_decode_phase(model, step, MIX, layer, scratch, 0, width);
    if (model.layer(layer).sourceQuery) {
      const columns = model.heads * model.headDim;
      f32_decode_phase(model, step, NORMALIZE_SOURCE, layer, scratch, 0, rows);
      f32_decode_phase(model, step, PROJECT_SOURCE, layer, scratch, 0, columns);
      f32_decode_phase(model, step, ATTEND_SOURCE, layer, scratch, 0, rows * model.heads);
      f32_decode_phase(model, step, MIX_SOURCE, layer, scratch, 0, width);
    }
    f32_decode_phase(model, step, NORMALIZE_AGAIN, layer, scratch, 0, rows);
    f32_decode_phase(model, step, EXPAND, layer, scratch, 0, model.intermediate);
    f32_decode_phase(model, step, CONTRACT, layer, scratch, 0, width);
  }
  f32_decode_phase(model, step, FINISH, 0, scratch, 0, rows);
  f32_decode_phase(model, step, SCORE, 0, scratch, 0, model.vocabulary);
}
