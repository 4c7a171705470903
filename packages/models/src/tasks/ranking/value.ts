import { ConfigError } from '../../errors.ts';
import type { ValueTerm } from './config.ts';

const functions: Readonly<Record<ValueTerm['of'], (prediction: number, exponent: number) => number>> = {
  identity: (p) => p,
  log: (p) => Math.log(Math.max(p, 1e-7)),
  log1p: (p) => Math.log1p(Math.max(p, 0)),
  power: (p, exponent) => Math.max(p, 0) ** exponent,
};

/**
 * The value of a row: `V = sum_k w_k g_k(p_k)`, `p_k` what head `k` predicts: a probability, or the number itself.
 * `log` takes probabilities from 1e-7 on, `log1p` and `power` numbers from 0 on.
 */
export function rowValue(terms: readonly ValueTerm[], predictionOf: (label: string) => number): number {
  return terms.reduce((sum, { label, weight, of, exponent = 1 }) => {
    return sum + weight * functions[of](predictionOf(label), exponent);
  }, 0);
}

/** @throws ConfigError for a term of no head, or an exponent of another function. */
export function checkValue(terms: readonly ValueTerm[], names: readonly string[]): void {
  for (const { label, of, exponent } of terms) {
    if (!names.includes(label))
      throw new ConfigError(
        `task: value: expected labels that are served (${names.join(', ')}); got ${label}`,
        'value',
      );
    if (exponent !== undefined && of !== 'power')
      throw new ConfigError(`task: value: ${label}: expected an exponent with power alone; got it with ${of}`, 'value');
  }
}
