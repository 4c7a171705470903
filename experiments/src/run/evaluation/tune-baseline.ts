import { isDeepStrictEqual } from 'node:util';
import type { BaselineSettings } from '@seqrec/models';

/** Which settings of a baseline were the best of some on the validation set. */
export interface TunedBaseline<S extends object = object> {
  readonly settings: S;
  /** How many were measured, those that were given among them. */
  readonly tried: number;
  readonly metric: string;
  /** The metric of the chosen ones. */
  readonly value: number;
}

/** Those that are given, then every other combination of the values that are tried. */
export function settingsToTry<S extends object>(given: S, { tries = {} }: BaselineSettings<S>): S[] {
  const values = Object.entries(tries as Readonly<Record<string, readonly unknown[]>>);
  const all = values.reduce<S[]>(
    (some, [setting, own]) => some.flatMap((each) => own.map((value) => ({ ...each, [setting]: value }))),
    [given],
  );
  return [given, ...all.filter((each) => !isDeepStrictEqual(each, given))];
}

/**
 * The best of some settings by a metric, the first of equal ones. Settings that a baseline cannot be fitted with are
 * left out.
 *
 * @param measure the metric of a baseline with settings, or why it cannot be fitted.
 * @returns why the first could not be fitted, where none could.
 */
export async function bestSettings<S extends object>(
  all: readonly S[],
  metric: string,
  measure: (settings: S) => Promise<number | string>,
): Promise<TunedBaseline<S> | string> {
  let best: { readonly settings: S; readonly value: number } | undefined;
  let tried = 0;
  let refusal: string | undefined;
  for (const settings of all) {
    const value = await measure(settings);
    if (typeof value === 'string') {
      refusal ??= value;
      continue;
    }
    tried++;
    if (best === undefined || value > best.value) best = { settings, value };
  }
  return best === undefined ? (refusal ?? 'has no settings') : { ...best, tried, metric };
}

/** `lambda 200: the best NDCG@10 of 7 settings on the validation set`. @param tries whose settings are told. */
export function describeTuned({ settings, tried, metric }: TunedBaseline, tries: object): string {
  const chosen = Object.entries(settings)
    .filter(([key]) => Object.hasOwn(tries, key))
    .map(([key, value]) => `${key} ${value}`);
  return `${chosen.join(', ')}: the best ${metric} of ${tried} settings on the validation set`;
}
