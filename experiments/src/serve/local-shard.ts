import type { UserEvent, UserScorer } from '@seqrec/models';
import type { OpenScorer } from './open-scorer.ts';
import type { Append, Outcome, Read, ResultOf } from './operation.ts';
import type { Shard } from './shard.ts';
import { type Placed, type Wave, wavesOf } from './waves.ts';

type Outcomes = Outcome[];
type Top = Extract<Read, { kind: 'top' }>;
type Score = Extract<Read, { kind: 'score' }>;

/** A shard in this thread. Events of many users are one pass of the scorer, and so are their vectors. */
export function localShard({ scorer, close, weights }: OpenScorer): Shard {
  return {
    capabilities: scorer.capabilities,
    async run(operations) {
      const outcomes: Outcomes = new Array(operations.length);
      for (const wave of wavesOf(operations)) await runWave(scorer, wave, outcomes);
      return outcomes;
    },
    stats: async () => scorer.stats(),
    ...(weights && { weights }),
    close,
  };
}

async function runWave(scorer: UserScorer, wave: Wave, outcomes: Outcomes): Promise<void> {
  if (wave.appends.length > 0) await append(scorer, wave.appends, outcomes);
  if (wave.reads.length > 0) await answer(scorer, wave.reads, outcomes);
  for (const { operation, at } of wave.drops) {
    await scorer.drop(operation.user);
    outcomes[at] = { value: undefined };
  }
}

/** In one call; when that is refused, one after the other, so that it is known which. */
async function append(scorer: UserScorer, placed: readonly Placed<Append>[], outcomes: Outcomes): Promise<void> {
  const users = new Map<string, UserEvent[]>();
  try {
    for (const { operation } of placed) {
      const { user, events, known } = operation;
      const before = users.get(user);
      if (before !== undefined) for (const event of events) before.push(event);
      else if (known && !scorer.has(user)) throw new Error(`append: user "${user}": the events before are not there`);
      else users.set(user, [...events]);
    }
    await scorer.append(...Array.from(users, ([user, events]) => ({ user, events })));
    for (const { at } of placed) outcomes[at] = { value: undefined };
  } catch (error) {
    if (placed.length === 1) outcomes[placed[0].at] = { error: messageOf(error) };
    else for (const one of placed) await append(scorer, [one], outcomes);
  }
}

/** Questions of a kind are one call; when that is refused, one call each, so that it is known which. */
async function answer(scorer: UserScorer, placed: readonly Placed<Read>[], outcomes: Outcomes): Promise<void> {
  const [tops, scores]: [Placed<Top>[], Placed<Score>[]] = [[], []];
  for (const { operation, at } of placed) {
    if (operation.kind === 'top') tops.push({ operation, at });
    else if (operation.kind === 'score') scores.push({ operation, at });
    else outcomes[at] = await outcomeOf(() => scorer.similar(operation.item, operation.k));
  }
  await ask(tops, (questions) => scorer.top(...questions), outcomes);
  await ask(scores, (questions) => scorer.score(...questions), outcomes);
}

async function ask<O extends Top | Score>(
  placed: readonly Placed<O>[],
  call: (questions: readonly O[]) => Promise<readonly ResultOf<O>[]>,
  outcomes: Outcomes,
): Promise<void> {
  if (placed.length === 0) return;
  try {
    const found = await call(placed.map(({ operation }) => operation));
    for (const [i, { at }] of placed.entries()) outcomes[at] = { value: found[i] };
  } catch (error) {
    if (placed.length === 1) outcomes[placed[0].at] = { error: messageOf(error) };
    else for (const one of placed) await ask([one], call, outcomes);
  }
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
