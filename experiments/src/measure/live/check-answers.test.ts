import { useBackend } from '@seqrec/core';
import { interactionsFromArrays } from '@seqrec/data';
import { createModel, createScorer, type TokenEncoder } from '@seqrec/models';
import { expect, test } from 'vitest';
import { catalogueOf } from '../../serve/catalogue.ts';
import { checkAnswers } from './check-answers.ts';
import { type Answer, type LoadClient, type SentEvent, TOP } from './client.ts';

const interactions = interactionsFromArrays({
  name: 'two',
  users: ['a', 'a', 'a', 'b', 'b'],
  items: ['x', 'y', 'z', 'w', 'x'],
  timestamps: [10, 20, 30, 5, 15],
  catalogue: ['x', 'y', 'z', 'w', 'p', 'q', 'r'].map((item) => ({ item })),
});
const sent: SentEvent[] = [
  { item: 'w', time: 90 },
  { item: 'x', time: 150 },
];

test('an answer that is not that of a full pass is told', async () => {
  await useBackend('simd', { threads: 1 });
  const model = createModel(
    { kind: 'hstu', embeddingDim: 8, numBlocks: 2, numHeads: 1, dqk: 8, dv: 8, maxSequenceLength: 8 },
    { numItems: interactions.numItems, seed: 1 },
  ) as TokenEncoder;
  const catalogue = catalogueOf(interactions);
  const client = { eventsOf: () => sent } as unknown as LoadClient;
  const scorer = createScorer(model);
  const dense = sent.map(({ item, time }) => ({ item: catalogue.dense(item) as number, time }));
  await scorer.append({ user: 'a', events: [...(catalogue.history('a') ?? []), ...dense.slice(0, 1)] });
  const [all] = await scorer.top({ user: 'a', at: 100, k: TOP, exclude: 'none' });
  const [unseen] = await scorer.top({ user: 'a', at: 100, k: TOP });
  const named = (list: { items: Int32Array; scores: Float32Array }): Answer['items'] =>
    Array.from(list.items, (item, r) => ({ item: catalogue.external(item), score: list.scores[r] }));
  const right: Answer = { user: 0, sent: 1, at: 100, items: named(unseen) };
  const check = (...answers: Answer[]) => checkAnswers(model, answers, { client, catalogue, users: ['a', 'b'] });
  expect(await check(right)).toEqual({ compared: 1, equal: 1 });
  const wrong: Answer[] = [
    { ...right, items: named(all) },
    { ...right, items: right.items.slice(1) },
    { ...right, user: 1 },
    { ...right, sent: 0 },
    { ...right, at: 1e6 },
    { ...right, items: right.items.map(({ item, score }) => ({ item, score: score + 1e-6 })) },
  ];
  const { compared, equal, first } = await check(...wrong);
  expect([compared, equal]).toEqual([wrong.length, 0]);
  expect(first).toContain('after 1 events at 100');
  scorer.dispose();
  model.dispose();
});
