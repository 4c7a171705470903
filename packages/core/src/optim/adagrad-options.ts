import { UnsupportedError } from '../errors.ts';

export interface AdagradOptions {
  readonly learningRate: number;
  /** The rate is divided by `1 + (t - 1) learningRateDecay` at step `t`; default 0. */
  readonly learningRateDecay?: number;
  /** Coupled: `weightDecay w` is added to the gradient; default 0. */
  readonly weightDecay?: number;
  /** What the sum of squares begins with, default 0. */
  readonly initialAccumulator?: number;
  /** Added to the root of the sum, default 1e-10. */
  readonly epsilon?: number;
}

/** Fills in the defaults. @throws UnsupportedError when an option is outside its range. */
export function resolveAdagrad(
  op: string,
  { learningRate, learningRateDecay = 0, weightDecay = 0, initialAccumulator = 0, epsilon = 1e-10 }: AdagradOptions,
): Required<AdagradOptions> {
  const resolved = { learningRate, learningRateDecay, weightDecay, initialAccumulator, epsilon };
  if (!(Object.values(resolved).every((value) => value >= 0) && epsilon > 0)) {
    const got = Object.entries(resolved).map(([name, value]) => `${name}=${value}`);
    throw new UnsupportedError(
      `${op}: expected epsilon > 0 and all others >= 0; got ${got.join(', ')}; defaults are 0, 0, 0, 1e-10`,
    );
  }
  return resolved;
}
