/** Scalar float64 optimizers, as the documentation of PyTorch states them. */

export interface AdamSettings {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  gradScale: number;
}

export interface AdamState {
  parameter: number[];
  m: number[];
  v: number[];
}

/** One step, counted from 1, in place. `decoupled`: AdamW; otherwise the decay joins the gradient. */
export function adamStep(
  { parameter, m, v }: AdamState,
  gradient: ArrayLike<number>,
  step: number,
  settings: AdamSettings,
  decoupled: boolean,
): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, gradScale } = settings;
  for (let i = 0; i < parameter.length; i++) {
    let g = gradScale * gradient[i]!;
    if (decoupled) parameter[i]! *= 1 - learningRate * weightDecay;
    else g += weightDecay * parameter[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const mean = m[i]! / (1 - beta1 ** step);
    const deviation = Math.sqrt(v[i]! / (1 - beta2 ** step));
    parameter[i]! -= (learningRate * mean) / (deviation + epsilon);
  }
}

export interface SgdSettings {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  gradScale: number;
}

/** One step in place; `first` says that the momentum buffer holds nothing yet. */
export function sgdStep(
  { parameter, buffer }: { parameter: number[]; buffer: number[] },
  gradient: ArrayLike<number>,
  first: boolean,
  { learningRate, momentum, nesterov, weightDecay, gradScale }: SgdSettings,
): void {
  for (let i = 0; i < parameter.length; i++) {
    let g = gradScale * gradient[i]! + weightDecay * parameter[i]!;
    if (momentum !== 0) {
      buffer[i] = first ? g : momentum * buffer[i]! + g;
      g = nesterov ? g + momentum * buffer[i]! : buffer[i]!;
    }
    parameter[i]! -= learningRate * g;
  }
}
