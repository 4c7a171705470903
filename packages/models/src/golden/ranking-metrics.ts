import { z } from 'zod';
import { GoldenError } from '../errors.ts';
import { areaUnderCurve } from '../evaluate/ranking/area.ts';
import { calibrationRatio } from '../evaluate/ranking/calibration.ts';
import { groupedGain, groupedReciprocal } from '../evaluate/ranking/group-order.ts';
import { groupAreas, groupedArea } from '../evaluate/ranking/grouped-area.ts';
import { calibrationFreeEntropy, logLoss, normalizedEntropy } from '../evaluate/ranking/log-loss.ts';
import { pairAgreement, regressionArea } from '../evaluate/ranking/pair-order.ts';
import { recalibratedEntropy } from '../evaluate/ranking/recalibration.ts';
import { type ClickRows, clickRows, type ScoredRows, valueRows } from '../evaluate/ranking/rows.ts';
import type { GoldenReport } from './report.ts';
import { type Compared, columnSchema, parseValues, reportOfValues } from './values.ts';

const figures = z.record(z.string(), z.union([z.number(), z.record(z.string(), z.number())]));
const schema = z.object({
  name: z.string(),
  inputs: z.object({
    labels: columnSchema,
    predictions: columnSchema,
    tiedPredictions: columnSchema,
    weights: columnSchema,
    users: columnSchema,
    ratings: columnSchema,
  }),
  outputs: z.record(z.string(), figures),
});

/** The rows of a file in the forms that its figures are of. */
interface Sets {
  readonly plain: ClickRows;
  readonly weighted: ClickRows;
  readonly tied: ClickRows;
  readonly tiedWeighted: ClickRows;
  readonly ratings: ScoredRows;
  readonly weightedRatings: ScoredRows;
}

/** Our options for what each library computes, by the name of the figure; `key` is the key of a figure of several. */
const figuresOfOurs: Readonly<Record<string, (sets: Sets, key: string) => number>> = {
  'torchrec.ne': ({ weighted }) => normalizedEntropy(weighted),
  'torchrec.loglossBase2': ({ weighted }) => logLoss(weighted, { unit: 'bits' }),
  'torchrec.calibration': ({ weighted }) => calibrationRatio(weighted),
  'torchrec.ctr': ({ weighted }) => weighted.baseRate,
  'torchrec.auc': ({ weighted }) => areaUnderCurve(weighted, { ties: 'earlier-higher' }),
  'torchrec.aucPerGroupMean': ({ weighted }) => meanInFloat32(groupAreas(weighted, { ties: 'earlier-higher' }).areas),
  'torchrec.rauc': ({ ratings }) => Math.fround(regressionArea(ratings, { pairs: 'all' })),
  'torchrec.xauc': ({ weightedRatings }) => pairAgreement(weightedRatings),
  'torchrec.calibrationFreeNe': ({ weighted }) => calibrationFreeEntropy(weighted, { summed: true }),
  'torchrec.neWithRecalibration': ({ weighted }, key) =>
    recalibratedEntropy(weighted, { coefficient: Number(key) }).value,
  'torchrec.gauc': ({ weighted }, key) => {
    const found = groupedArea(weighted, { groupWeight: 'one', oneScore: 'left-out', ties: 'earlier-lower' });
    return key === 'value' ? found.value : found.counted;
  },
  'sklearn.logloss': ({ plain }) => logLoss(plain),
  'sklearn.loglossWeighted': ({ weighted }) => logLoss(weighted),
  'sklearn.auc': ({ plain }) => areaUnderCurve(plain),
  'sklearn.aucWeighted': ({ weighted }) => areaUnderCurve(weighted),
  'sklearn.aucTied': ({ tied }) => areaUnderCurve(tied),
  'sklearn.aucTiedWeighted': ({ tiedWeighted }) => areaUnderCurve(tiedWeighted),
  'fuxictr.gAUC': ({ plain }) => groupedArea(plain).value,
  'fuxictr.avgAUC': ({ plain }) => groupedArea(plain, { groupWeight: 'one' }).value,
  'fuxictr.gAUCTied': ({ tied }) => groupedArea(tied).value,
  'fuxictr.avgAUCTied': ({ tied }) => groupedArea(tied, { groupWeight: 'one' }).value,
  'fuxictr.MRR': ({ plain }) => groupedReciprocal(plain, { of: 'mean', noneRelevant: 'zero' }).value,
};

/**
 * Metrics of rows beside torchrec, scikit-learn and FuxiCTR. Where a library differs from our default, the option that
 * gives its value is used; sums of torchrec's float32 are in float32.
 *
 * @throws GoldenError for a figure that is not known.
 */
export async function checkRankingMetrics(json: unknown): Promise<GoldenReport> {
  const { name, inputs, outputs } = parseValues(schema, json);
  const { labels, predictions, tiedPredictions, weights, ratings, users: groups } = inputs;
  // As torchrec holds probabilities; the others hold them closer to 0 and 1.
  const clip = 1e-12;
  const sets: Sets = {
    plain: clickRows({ labels, probabilities: predictions, groups }, { clip }),
    weighted: clickRows({ labels, probabilities: predictions, groups, weights }, { clip }),
    tied: clickRows({ labels, probabilities: tiedPredictions, groups }, { clip }),
    tiedWeighted: clickRows({ labels, probabilities: tiedPredictions, groups, weights }, { clip }),
    ratings: valueRows({ labels: ratings, predictions, groups }),
    weightedRatings: valueRows({ labels: ratings, predictions, groups, weights }),
  };
  const compared: Compared[] = [];
  for (const [library, figures] of Object.entries(outputs)) {
    for (const [figure, expected] of Object.entries(figures)) {
      const ours = oursOf(`${library}.${figure}`);
      const several = typeof expected === 'number' ? { '': expected } : expected;
      for (const [key, value] of Object.entries(several)) compared.push([[ours(sets, key)], [value]]);
    }
  }
  return reportOfValues(name, compared, 1e-7);
}

function oursOf(figure: string): (sets: Sets, key: string) => number {
  const cutoff = /^fuxictr\.NDCG(\d+)$/.exec(figure);
  if (cutoff !== null) return ({ plain }) => groupedGain(plain, Number(cutoff[1]), { noneRelevant: 'zero' }).value;
  if (Object.hasOwn(figuresOfOurs, figure)) return figuresOfOurs[figure];
  throw new GoldenError(
    `golden: outputs.${figure}: expected one of ${Object.keys(figuresOfOurs).join(', ')}, fuxictr.NDCG<k>; got another`,
  );
}

function meanInFloat32(values: Float64Array): number {
  return Math.fround(values.reduce((sum, value) => Math.fround(sum + value), 0) / values.length);
}
