import type { Limit } from '../splits/limit.ts';
import { categoryParts, itemQualities, LIKED_FROM, quarterOf, ratingOf } from './dlrm-ratings.ts';

/** One way in which a row can come about. */
interface Cell {
  readonly probability: number;
  readonly label: 0 | 1;
  readonly place: number;
  readonly step: number;
  readonly quality: number;
  /** Whether the item was open in a step that trains. */
  readonly isOld: boolean;
}

/** What is known of a row, by name; rows of which it says the same cannot be told apart. */
const KNOWLEDGE: readonly { readonly name: string; readonly knows: string; of(cell: Cell): string }[] = [
  {
    name: 'place',
    knows: "the place of the item's category in the user's list, which a history shows",
    of: ({ place }) => `${place}`,
  },
  {
    name: 'place and phase',
    knows: 'that place, and the step of the request',
    of: ({ place, step }) => `${place} ${step}`,
  },
  {
    name: 'quality',
    knows: "the item's quality, which other users' ratings of it show",
    of: ({ quality }) => `${quality}`,
  },
  {
    name: 'seen quality',
    knows: 'that quality of the items that were open in steps that train: the others have no trained row',
    of: ({ quality, isOld }) => (isOld ? `${quality}` : 'new'),
  },
  {
    name: 'place and seen quality',
    knows: 'place, and quality of the items that were open in steps that train: the others have no trained row',
    of: ({ place, quality, isOld }) => `${place} ${isOld ? quality : 'new'}`,
  },
  { name: 'place and quality', knows: 'both of these', of: ({ place, quality }) => `${place} ${quality}` },
  {
    name: 'everything',
    knows: 'place, step and quality: all but what is drawn for each row',
    of: ({ place, step, quality }) => `${place} ${step} ${quality}`,
  },
];

/**
 * What a model that knows so much of a row can reach at best on the rows of some steps, in expectation over worlds:
 * normalised entropy, AUC and accuracy of the probability of the label given what is known, by enumerating places
 * (each as probable as another, as all begin alike in the urn), steps, qualities and category parts.
 *
 * @param trained steps that train, the first ones; default: those before the first of `steps`
 */
export function dlrmLimits(steps: readonly number[], places: number, trained = Math.min(...steps)): readonly Limit[] {
  const cells = cellsOf(steps, places, trained);
  return KNOWLEDGE.map(({ name, knows, of }) => ({ name, knows, metrics: bestFigures(cells, of) }));
}

/** The share of rows with the label 1 on some steps, in expectation. */
export function dlrmBaseRate(steps: readonly number[], places: number): number {
  return cellsOf(steps, places, 0).reduce((sum, { probability, label }) => sum + probability * label, 0);
}

function cellsOf(steps: readonly number[], places: number, trained: number): Cell[] {
  return steps.flatMap((step) =>
    Array.from({ length: places }, (_, place) =>
      itemQualities.flatMap(([quality, ofQuality]) =>
        categoryParts(quarterOf(place, places), step).map(([part, ofPart]) => {
          const probability = (ofQuality * ofPart) / (places * steps.length);
          const label = ratingOf(part, quality) >= LIKED_FROM ? 1 : 0;
          return ages(step, trained).map(
            ([isOld, share]): Cell => ({ probability: probability * share, label, place, step, quality, isOld }),
          );
        }),
      ),
    ).flat(2),
  );
}

/** Items of the open part of a block that were open in steps that train, and those that were not. */
function ages(step: number, trained: number): readonly (readonly [isOld: boolean, share: number])[] {
  const old = Math.min(1, trained / Math.max(1, step + 1));
  return [
    [true, old],
    [false, 1 - old],
  ];
}

function bestFigures(cells: readonly Cell[], of: (cell: Cell) => string): Limit['metrics'] {
  const possible = cells.filter(({ probability }) => probability > 0);
  const groups = Array.from(Map.groupBy(possible, of).values(), (own) => {
    const weight = own.reduce((sum, { probability }) => sum + probability, 0);
    const positive = own.reduce((sum, { probability, label }) => sum + probability * label, 0);
    return { weight, positive, rate: positive / weight };
  });
  const base = groups.reduce((sum, { positive }) => sum + positive, 0);
  const expected = (of: (rate: number) => number): number =>
    groups.reduce((sum, { weight, rate }) => sum + weight * of(rate), 0);
  let ordered = 0;
  for (const above of groups) {
    for (const { rate, weight, positive } of groups) {
      // Sums of the same numbers in another order are equal but for their rounding.
      const wins = Math.abs(above.rate - rate) < 1e-9 ? 0.5 : Number(above.rate > rate);
      ordered += wins * above.positive * (weight - positive);
    }
  }
  const logloss = expected(entropy);
  return {
    AUC: ordered / (base * (1 - base)),
    logloss,
    NE: logloss / entropy(base),
    accuracy: expected((rate) => Math.max(rate, 1 - rate)),
  };
}

/** In nats. */
function entropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
}
