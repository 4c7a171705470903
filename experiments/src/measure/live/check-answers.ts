import { createScorer, type TokenEncoder } from '@seqrec/models';
import type { Catalogue } from '../../serve/catalogue.ts';
import { type Answer, type LoadClient, TOP } from './client.ts';

export interface AnswerCheck {
  readonly compared: number;
  /** Of them, how many had the items and the bits of the scores of a full pass. */
  readonly equal: number;
  /** The first that had not, for people. */
  readonly first?: string;
}

/**
 * Compares answers of the service with full passes over the histories that they were given for: those of the data, and
 * the events that the client had sent by then.
 */
export async function checkAnswers(
  model: TokenEncoder,
  answers: readonly Answer[],
  {
    client,
    catalogue,
    users,
  }: {
    readonly client: LoadClient;
    readonly catalogue: Catalogue;
    readonly users: readonly string[];
  },
): Promise<AnswerCheck> {
  const scorer = createScorer(model);
  let equal = 0;
  let first: string | undefined;
  try {
    for (const [i, { user, sent, at, items }] of answers.entries()) {
      const own = client
        .eventsOf(user)
        .slice(0, sent)
        .map(({ item, time }) => ({ item: catalogue.dense(item) ?? 0, time }));
      const name = String(i);
      await scorer.append({ user: name, events: [...(catalogue.history(users[user]) ?? []), ...own] });
      const { equal: isFull } = await scorer.check({ user: name, at });
      const [full] = await scorer.top({ user: name, at, k: TOP });
      await scorer.drop(name);
      const isSame =
        full.items.length === items.length &&
        items.every(
          ({ item, score }, r) => catalogue.dense(item) === full.items[r] && Math.fround(score) === full.scores[r],
        );
      if (isFull && isSame) equal++;
      else first ??= `user ${users[user]} after ${sent} events at ${at}: ${JSON.stringify(items[0])}`;
    }
  } finally {
    scorer.dispose();
  }
  return { compared: answers.length, equal, ...(first !== undefined && { first }) };
}
