/**
 * What a metric gives one query whose target may stand, each equally likely, at any of the places
 * `rank .. rank + tied`: it shares its score with `tied` other candidates. An infinite rank is a miss and gives 0.
 */
export type Gain = (rank: number, tied?: number) => number;

/** `HR@k`: `P(place <= k) = (min(k, rank + tied) - rank + 1) / (tied + 1)`, 0 when `rank > k`. */
export function hitGain(k: number): Gain {
  return (rank, tied = 0) => {
    if (rank > k) return 0;
    return rank + tied <= k ? 1 : (k - rank + 1) / (tied + 1);
  };
}

/** `NDCG@k`: `1 / (tied + 1) sum_{r = rank}^{min(k, rank + tied)} 1 / log2(r + 1)`. */
export function discountedGain(k: number): Gain {
  return (rank, tied = 0) => {
    if (rank > k) return 0;
    if (tied === 0) return 1 / Math.log2(rank + 1);
    const last = Math.min(k, rank + tied);
    let sum = 0;
    for (let r = rank; r <= last; r++) sum += 1 / Math.log2(r + 1);
    return sum / (tied + 1);
  };
}

/** `MRR`: `(H(rank + tied) - H(rank - 1)) / (tied + 1)` with the harmonic numbers `H(n) = 1 + 1/2 + .. + 1/n`. */
export const reciprocalGain: Gain = (rank, tied = 0) => {
  if (tied === 0 || rank === Number.POSITIVE_INFINITY) return 1 / rank;
  return harmonicSum(rank, rank + tied) / (tied + 1);
};

/** A gain of a place alone as its mean over all places that the target may stand at, added up one by one. */
export function overTies(gain: (place: number) => number): Gain {
  return (rank, tied = 0) => {
    if (tied === 0 || rank === Number.POSITIVE_INFINITY) return gain(rank);
    let sum = 0;
    for (let place = rank; place <= rank + tied; place++) sum += gain(place);
    return sum / (tied + 1);
  };
}

/** From here on the term left out of the series below, `1/252n^6`, is under the last bit of a float64. */
const SERIES_FROM = 256;

/**
 * `1/from + .. + 1/to`: terms while they are few or large,
 * `H(n) = ln n + gamma + 1/2n - 1/12n^2 + 1/120n^4` for the others.
 */
function harmonicSum(from: number, to: number): number {
  const direct = to - from < SERIES_FROM ? to : Math.min(to, SERIES_FROM);
  let sum = 0;
  let r = from;
  for (; r <= direct; r++) sum += 1 / r;
  if (r > to) return sum;
  const below = r - 1;
  const rest = (n: number): number => 1 / (2 * n) - 1 / (12 * n ** 2) + 1 / (120 * n ** 4);
  return sum + Math.log(to / below) + rest(to) - rest(below);
}
