import { UnsupportedError } from '../errors.ts';

export interface AdamWOptions {
  readonly learningRate: number;
  /** Decay of the first moment, default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment, default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay, default 0. */
  readonly weightDecay?: number;
}

/** Fills in the defaults. @throws UnsupportedError when an option is outside its range. */
export function resolveAdamW(
  op: string,
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamWOptions,
): Required<AdamWOptions> {
  const inside = learningRate >= 0 && beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1;
  if (!inside || !(epsilon > 0) || !(weightDecay >= 0)) {
    throw new UnsupportedError(
      `${op}: expected learningRate >= 0, beta1 and beta2 in [0, 1), epsilon > 0, weightDecay >= 0; got learningRate=${learningRate}, beta1=${beta1}, beta2=${beta2}, epsilon=${epsilon}, weightDecay=${weightDecay}; defaults are 0.9, 0.999, 1e-8, 0`,
    );
  }
  return { learningRate, beta1, beta2, epsilon, weightDecay };
}
