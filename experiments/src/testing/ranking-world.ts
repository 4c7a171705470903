import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RankingWorld {
  /** The table of events. */
  readonly csv: string;
  /** A configuration of a ranking run on it. */
  readonly yaml: string;
}

export interface RankingWorldOptions {
  readonly rows?: number;
  /** Stars of a row, from 1 to 5; default: of its user, its item and chance. */
  readonly stars?: (row: { readonly k: number; readonly user: number; readonly item: number }) => number | string;
}

const USERS = 30;
const ITEMS = 24;

/** A whole number below `limit` from a counter, the same everywhere. */
export function scattered(k: number, limit: number): number {
  let x = Math.imul(k + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  x ^= x >>> 13;
  return (x >>> 0) % limit;
}

/** Stars that a model of ids can learn, and a mean of items cannot: users like even or odd items. */
export function tasteStars({
  k,
  user,
  item,
}: {
  readonly k: number;
  readonly user: number;
  readonly item: number;
}): number {
  const liked = (user + item) % 2 === 0;
  const wonders = scattered(k + 7, 10) < 1;
  return liked !== wonders ? 4 + scattered(k + 3, 2) : 1 + scattered(k + 5, 2);
}

/** Writes a small table of ratings and a configuration of the task `ranking` on it. */
export function rankingWorld(
  folder: string,
  { rows = 1500, stars = tasteStars }: RankingWorldOptions = {},
): RankingWorld {
  const csv = join(folder, 'ratings.csv');
  const lines = Array.from({ length: rows }, (_, k) => {
    const [user, item] = [scattered(k, USERS), scattered(k + 100_000, ITEMS)];
    return `u${user},i${item},${1_600_000_000 + k},${stars({ k, user, item })},h${k % 3},${(k % 17) / 4}`;
  });
  writeFileSync(csv, `user,item,at,stars,hour,price\n${lines.join('\n')}\n`);
  const yaml = join(folder, 'ranking.yaml');
  writeFileSync(
    yaml,
    `task: { kind: ranking }
data:
  format: csv
  path: ${csv}
  columns: { user: user, item: item, time: at, stars: number, hour: id, price: number }
  label: { column: stars, positiveAbove: 3, negativeBelow: 3 }
  split: { kind: random, test: 0.2, validation: 0.2 }
model:
  kind: mlp
  embeddingDim: 8
  hiddenSizes: [16]
  features: [hour]
  embeddingStd: 0.1
optimizer:
  learningRate: 0.05
  beta2: 0.999
  schedule: { kind: plateau, factor: 0.1, patience: 0 }
training: { epochs: 3, batchSize: 128, shuffle: true, evaluateEvery: 1 }
evaluation: { batchSize: 256, segments: [hour, { column: price, width: 2 }] }
seed: 1
`,
  );
  return { csv, yaml };
}
