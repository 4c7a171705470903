/** A value and how probable it is. */
export type Chance = readonly [value: number, probability: number];

/** What an item is worth, whoever rates it. */
export const itemQualities: readonly Chance[] = [
  [5, 0.2],
  [4, 0.25],
  [3, 0.25],
  [2, 0.2],
  [1, 0.1],
];

/** The label of a row is whether its rating is at least this. */
export const LIKED_FROM = 3.5;

/** `cos(k pi / 4)`, exactly 0 and 1 where it is: a rating at the bound of the label depends on it. */
const EIGHTHS = [1, Math.SQRT1_2, 0, -Math.SQRT1_2, -1, -Math.SQRT1_2, 0, Math.SQRT1_2];

function cosine(eighth: number): number {
  return EIGHTHS[((eighth % 8) + 8) % 8];
}

/** Which quarter of a user's list of categories a place is in, 0 to 3; of fewer than four places the last ones only. */
export function quarterOf(place: number, places: number): number {
  if (place < Math.floor(places / 4)) return 0;
  if (place < Math.floor(places / 2)) return 1;
  return place < 3 * Math.floor(places / 4) ? 2 : 3;
}

/**
 * What a category gives to the rating of its items at a step, by the quarter of its place in the user's list. With
 * `c_k = cos((t + k) pi / 4) / 2`: quarter 0 has `4.5 + c_0` (.8) or `4 + c_2` (.2), quarter 1 `4.5 + c_0` (.1),
 * `4 + c_2` (.8) or `3.5 + c_4` (.1), quarters 2 and 3 what quarter 1 has, less 1 and less 2.
 */
export function categoryParts(quarter: number, step: number): readonly Chance[] {
  const [first, second, third] = [0, 2, 4].map((shift) => cosine(step + shift) / 2);
  if (quarter === 0)
    return [
      [4.5 + first, 0.8],
      [4 + second, 0.2],
    ];
  const less = quarter - 1;
  return [
    [4.5 - less + first, 0.1],
    [4 - less + second, 0.8],
    [3.5 - less + third, 0.1],
  ];
}

/** The rating of an item: the mean of its quality and what its category gives. */
export function ratingOf(part: number, quality: number): number {
  return (part + quality) / 2;
}

/** One of some values, by a uniform number in [0, 1). */
export function chosen(chances: readonly Chance[], uniform: number): number {
  let sum = 0;
  for (const [value, probability] of chances) {
    sum += probability;
    if (uniform < sum) return value;
  }
  return chances[chances.length - 1][0];
}
