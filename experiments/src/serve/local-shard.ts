import type { UserEvent, UserScorer } from '@seqrec/models';
import type { ItemProducts, TopQuery } from './item-products.ts';
import type { Append, Operation, Outcome, Read } from './operation.ts';
import type { Shard } from './shard.ts';
import { type Placed, type Wave, wavesOf } from './waves.ts';

type Outcomes = Outcome[];
/** A question about a user. */
type Asked = Exclude<Read, { kind: 'similar' }>;

/** A shard in this thread. Events of many users are one pass of the scorer, and so are their vectors. */
export function localShard(scorer: UserScorer, products: ItemProducts): Shard {
  return {
    capabilities: scorer.capabilities,
    async run(operations) {
      const outcomes: Outcomes = new Array(operations.length);
      for (const wave of wavesOf(operations)) await runWave(scorer, products, wave, outcomes);
      return outcomes;
    },
    stats: async () => scorer.stats(),
    async close() {
      products.dispose();
      scorer.dispose();
    },
  };
}

async function runWave(scorer: UserScorer, products: ItemProducts, wave: Wave, outcomes: Outcomes): Promise<void> {
  if (wave.appends.length > 0) await append(scorer, wave.appends, outcomes);
  if (wave.reads.length > 0) await answer(scorer, products, wave.reads, outcomes);
  for (const { operation, at } of wave.drops) {
    await scorer.drop(operation.user);
    outcomes[at] = { value: undefined };
  }
}

/** In one call; when that is refused, one after the other, so that it is known which. */
async function append(scorer: UserScorer, placed: readonly Placed<Append>[], outcomes: Outcomes): Promise<void> {
  const users = new Map<string, UserEvent[]>();
  for (const { operation } of placed) {
    const known = users.get(operation.user);
    if (known === undefined) users.set(operation.user, [...operation.events]);
    else for (const event of operation.events) known.push(event);
  }
  try {
    await scorer.append(...Array.from(users, ([user, events]) => ({ user, events })));
    for (const { at } of placed) outcomes[at] = { value: undefined };
  } catch (error) {
    if (placed.length === 1) outcomes[placed[0].at] = { error: messageOf(error) };
    else for (const one of placed) await append(scorer, [one], outcomes);
  }
}

async function answer(
  scorer: UserScorer,
  products: ItemProducts,
  placed: readonly Placed<Read>[],
  outcomes: Outcomes,
): Promise<void> {
  const asked: Placed<Asked>[] = [];
  for (const { operation, at } of placed) {
    if (operation.kind !== 'similar') asked.push({ operation, at });
    else outcomes[at] = await outcomeOf(() => scorer.similar(operation.item, operation.k));
  }
  const vectors = await encode(scorer, asked, outcomes);
  const lists: (TopQuery & { readonly at: number })[] = [];
  for (const [i, { operation, at }] of asked.entries()) {
    const vector = vectors[i];
    if (vector === undefined) continue;
    if (operation.kind === 'score') outcomes[at] = await outcomeOf(() => products.score(vector, operation.candidates));
    else lists.push({ at, vector, k: operation.k, excluded: excludedOf(scorer, operation) });
  }
  await top(products, lists, outcomes);
}

/** The vector of each question, one pass for all: of those that have none, the outcome is set. */
async function encode(
  scorer: UserScorer,
  asked: readonly Placed<Asked>[],
  outcomes: Outcomes,
): Promise<(Float32Array | undefined)[]> {
  if (asked.length === 0) return [];
  // Several questions about a user at one moment need one vector.
  const keys = asked.map(({ operation: { user, at } }) => `${at} ${user}`);
  const distinct = [...new Set(keys)];
  const requests = distinct.map((key) => {
    const { user, at } = asked[keys.indexOf(key)].operation;
    return { user, at };
  });
  try {
    const vectors = await scorer.encode(...requests);
    const places = new Map(distinct.map((key, i) => [key, i]));
    return keys.map((key) => vectors[places.get(key) ?? 0]);
  } catch (error) {
    if (asked.length > 1) {
      const each: (Float32Array | undefined)[] = [];
      for (const one of asked) each.push(...(await encode(scorer, [one], outcomes)));
      return each;
    }
    outcomes[asked[0].at] = { error: messageOf(error) };
    return [undefined];
  }
}

async function top(
  products: ItemProducts,
  lists: readonly (TopQuery & { readonly at: number })[],
  outcomes: Outcomes,
): Promise<void> {
  if (lists.length === 0) return;
  try {
    const found = await products.top(lists);
    for (const [i, { at }] of lists.entries()) outcomes[at] = { value: found[i] };
  } catch (error) {
    if (lists.length === 1) outcomes[lists[0].at] = { error: messageOf(error) };
    else for (const one of lists) await top(products, [one], outcomes);
  }
}

function excludedOf(scorer: UserScorer, { user, exclude }: Extract<Operation, { kind: 'top' }>): Int32Array {
  if (exclude === 'none') return new Int32Array(0);
  if (exclude !== 'seen') return exclude;
  return Int32Array.from(scorer.history(user), ({ item }) => item);
}

async function outcomeOf(work: () => Promise<Extract<Outcome, { value: unknown }>['value']>): Promise<Outcome> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
