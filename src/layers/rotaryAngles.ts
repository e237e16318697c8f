/** The cosines and sines of rotary positions, (positions, pairs) each. */
export interface RotaryAngles {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/**
 * The angles of rotary positions: pair i at position t turns by t / theta^(i / pairs).
 *
 * @param start the first position.
 * @param count how many positions.
 * @param pairs half the width of a head.
 * @param theta wavelength of the slowest rotation, divided by 2 pi.
 * @param scalingFactor what positions are divided by. Default: 1.
 *
 * @see Su et al., RoFormer.
 */
export function rotaryAngles(
  start: number,
  count: number,
  pairs: number,
  theta: number,
  scalingFactor = 1,
): RotaryAngles {
  const cos = new Float32Array(count * pairs);
  const sin = new Float32Array(count * pairs);
  for (let t = 0; t < count; t++) {
    for (let i = 0; i < pairs; i++) {
      const angle = ((start + t) / scalingFactor) * theta ** (-i / pairs);
      cos[t * pairs + i] = Math.cos(angle);
      sin[t * pairs + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}
