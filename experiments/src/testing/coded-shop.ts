import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const colours = ['red', 'blue', 'green', 'black'];
const kinds = ['lip balm', 'nail polish', 'hair oil'];
export const SHOP_USERS = 40;
export const SHOP_EVENTS = 12;

interface Shop {
  /** Of the files `NAME.csv` and `NAME-items.csv`; default `shop`. */
  readonly name?: string;
  /** Default 24. */
  readonly items?: number;
  /** Default 40. */
  readonly users?: number;
  /** Whose title has its number, so that no two are alike; default true. */
  readonly numbered?: boolean;
  /** An item that the last event of the last user has and no other. */
  readonly last?: string;
}

/** Events of users who take the next item after each: something to learn. Items have titles and kinds. */
export function writeShop(
  folder: string,
  { name = 'shop', items = 24, users = SHOP_USERS, numbered = true, last }: Shop = {},
): void {
  const isLast = (user: number, event: number): boolean =>
    last !== undefined && user === users - 1 && event === SHOP_EVENTS - 1;
  const events = Array.from({ length: users * SHOP_EVENTS }, (_, k) => {
    const [user, event] = [Math.floor(k / SHOP_EVENTS), k % SHOP_EVENTS];
    return `u${user},${isLast(user, event) ? last : `i${(user + event) % items}`},${100 * user + event}`;
  });
  writeFileSync(join(folder, `${name}.csv`), ['user,item,timestamp', ...events].join('\n'));
  const ids = [...Array.from({ length: items }, (_, i) => `i${i}`), ...(last === undefined ? [] : [last])];
  const rows = ids.map((id, i) => `${id},${colours[i % 4]} ${kinds[i % 3]}${numbered ? ` ${i}` : ''},${kinds[i % 3]}`);
  writeFileSync(join(folder, `${name}-items.csv`), ['id,title,kind', ...rows].join('\n'));
}

/** The data of {@link writeShop} as a configuration reads them. */
export const shopData = (folder: string, name = 'shop') => ({
  ...{ format: 'csv', path: join(folder, `${name}.csv`), split: 'leave-last-out' },
  columns: { user: 'user', item: 'item', time: 'timestamp' },
  items: { path: join(folder, `${name}-items.csv`), id: 'id', columns: { title: 'text' } },
});

/** A small decoder-only model over codes of the titles, which learns the shop in seconds. */
export const codedShop = (folder: string) => ({
  data: shopData(folder),
  task: { kind: 'generation', ids: { tokenizer: { kind: 'residual-k-means', levels: 2, codes: 4 } }, beams: 10 },
  model: {
    ...{ kind: 'sasrec', embeddingDim: 16, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, ffnDim: 16 },
    inputDropout: 0,
  },
  objective: { kind: 'full-softmax', temperature: 0.1 },
  optimizer: { learningRate: 0.02 },
  training: { epochs: 30, batchSize: 8, shuffle: true, evaluateEvery: 15 },
  evaluation: { ks: [1, 5, 10], batchSize: 16, excludeSeen: false, selectBy: 'NDCG@10', baselines: ['popularity'] },
  seed: 3,
});
