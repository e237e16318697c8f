/** Names in saved models (HF) and in tfjs-layers of what HF does not decay: biases and norms. */
const NOT_DECAYED = [
  /bias/,
  /layer_?norm/,
  /rms_?norm/,
  /(^|[./_])norm\d*($|[./])/,
  /(^|[./])ln_[a-z0-9]+($|[./])/,
  /(gamma|beta)(_\d+)?$/,
];

/**
 * Whether weight decay acts on the variable of this name: all but biases and the scales of
 * normalization layers, as HF's Trainer chooses (`get_decay_parameter_names`).
 *
 * @example
 * decaysByDefault('bert.encoder.layer.0.attention.output.LayerNorm.weight'); // false
 */
export function decaysByDefault(name: string): boolean {
  const lower = name.toLowerCase();
  return !NOT_DECAYED.some((pattern) => pattern.test(lower));
}
