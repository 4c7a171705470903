import type { PageCodes } from '../src/report/page/page-data.ts';

type Scored = Pick<PageCodes, 'dense' | 'debias'>;

const PROBABILITY = 'the probability that the model gives to the codes of the title after the history, code by code';

/** What the score of a title by its codes is, in words. */
export function scoreInWords({ dense, debias }: Scored): string {
  if (debias !== undefined)
    return `the logarithm of ${PROBABILITY}, less ${debias.weight} times that of how popular the title is: no probability`;
  if (dense === undefined) return PROBABILITY;
  const { mix } = dense;
  return `${mix} of the logarithm of ${PROBABILITY}, and ${Number((1 - mix).toPrecision(6))} of that by vectors`;
}

/** A score as a page shows it. */
export interface ShownScore {
  readonly text: string;
  readonly title: string;
  /** The filled part of a bar, where it is a share of 1. */
  readonly share?: number;
}

/**
 * @param score sum of the log-probabilities of codes, less what popularity takes off; with vectors beside them a mix of
 *   two logarithms.
 */
export function shownScore(score: number, { dense, debias }: Scored): ShownScore {
  if (debias !== undefined) return { text: score.toFixed(2), title: `debiased score ${score}` };
  const share = Math.exp(score);
  if (dense !== undefined) return { share, text: score.toFixed(2), title: `mixed score ${score}` };
  const percent = `${(100 * share).toPrecision(2)} %`;
  return { share, text: share < 1e-4 ? '< 0.01 %' : percent, title: `log-probability ${score}` };
}
