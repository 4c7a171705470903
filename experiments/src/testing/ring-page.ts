import { join } from 'node:path';
import { type Interactions, interactionsFromArrays, latestWindow, leaveLastOut } from '@seqrec/data';
import {
  createModel,
  createTrainer,
  fitFeatures,
  loadModel,
  type ModelConfigInput,
  saveCheckpoint,
} from '@seqrec/models';
import { writePage } from '../report/page/write-page.ts';
import { historyFromText, recommendFor } from '../run/outputs/recommend.ts';

export const ITEMS = 60;
/** Events that the models read. */
export const LENGTH = 12;
const shape = { embeddingDim: 16, maxSequenceLength: LENGTH, numBlocks: 2 };
export const models: Readonly<Record<string, ModelConfigInput>> = {
  hstu: { kind: 'hstu', ...shape, numHeads: 2, dqk: 8, dv: 8 },
  long: { kind: 'hstu', ...shape, maxSequenceLength: 2100, numHeads: 2, dqk: 8, dv: 8 },
  sasrec: { kind: 'sasrec', ...shape, numHeads: 1, ffnDim: 16 },
  dot: { kind: 'sasrec', ...shape, numHeads: 1, ffnDim: 16, similarity: 'dot' },
  features: { kind: 'sasrec', ...shape, numHeads: 1, ffnDim: 16, features: ['categories', 'title'] },
};

/** Users who walk round a ring of titles, two steps back now and then; some titles need escaping. */
function ring(): Interactions {
  const columns = { users: [] as string[], items: [] as string[], timestamps: [] as number[] };
  for (let user = 0; user < 48; user++) {
    for (let e = 0; e < LENGTH + 3; e++) {
      columns.users.push(`u${user}`);
      columns.items.push(idOf((user * 5 + e - (e % 4 === 3 ? 2 : 0) + ITEMS) % ITEMS));
      columns.timestamps.push(1_600_000_000 + user * 1000 + e * 3600);
    }
  }
  const title = (i: number) =>
    i === 7 ? 'Amélie, "Le" <b>Fabuleux</b> (2001)' : `Part ${i} of the Ring (${1950 + i})`;
  const catalogue = Array.from({ length: ITEMS }, (_, i) => ({ item: idOf(i), title: title(i), categories: ['Ring'] }));
  return interactionsFromArrays({ name: 'ring', ...columns, catalogue });
}

/** Ids hold the comma that separates them in an address. */
export const idOf = (i: number) => `t,${i}`;
export const interactions = ring();

export interface BuiltPage {
  readonly page: string;
  readonly checkpoint: string;
}

/** Trains a model for a few steps and writes its checkpoint and its page. */
export async function buildPage(name: string, folder: string): Promise<BuiltPage> {
  const { train } = leaveLastOut(interactions);
  const features = fitFeatures(models[name], train);
  const model = createModel(models[name], { numItems: interactions.numItems, seed: 3, features });
  const examples = latestWindow(train, { maxLength: LENGTH });
  const trainer = createTrainer({ model, examples, batchSize: 16, learningRate: 0.01, numNegatives: 16, seed: 3 });
  for (let step = 0; step < 30; step++) await trainer.step();
  const checkpoint = join(folder, `${name}.safetensors`);
  await saveCheckpoint(checkpoint, trainer);
  const page = join(folder, name);
  await writePage({ recipe: `ring/${name}`, run: 'test', checkpoint, interactions }, page);
  return { page, checkpoint };
}

/** A recommendation, by the id of the data. */
export interface Shown {
  readonly item: string;
  readonly score: number;
}

/** What `seqrec recommend --history` says in this process, with the history by title, as a person would write it. */
export async function inNode(checkpoint: string, history: readonly number[]): Promise<Shown[]> {
  const model = await loadModel(checkpoint);
  const titles = history.map((i) => interactions.catalogue!.title(interactions.items.dense(idOf(i))!));
  const events = historyFromText(interactions, titles.join(','));
  const { recommendations } = await recommendFor({ model, window: LENGTH }, interactions, events, {
    k: 10,
    excludeSeen: true,
  });
  model.dispose();
  return recommendations.map(({ item, score }) => ({ item, score }));
}
