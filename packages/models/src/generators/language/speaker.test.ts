import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import { codeModelConfig } from '../../tasks/generation/task.ts';
import { spokenWorld } from '../../test-support/spoken-world.ts';
import { answerLoss } from '../answer-loss.ts';
import { textRows } from './language.ts';
import { languageBatch } from './language-batch.ts';
import { itemsOfTitles, rowsOfText, type Speaker, writeTexts } from './speaker.ts';
import { type Example, renderExample } from './templates.ts';

const { codes, language } = spokenWorld();
const temperature = 0.2;
const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, ffnDim: 8 },
};
const hstu: ModelConfigInput = {
  ...{ kind: 'hstu', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, dqk: 8, dv: 8 },
};

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

const over = (config: ModelConfigInput): Speaker => ({
  encoder: createModel(codeModelConfig(config, codes, language), { numItems: language.count, seed: 4 }),
  ...{ language, temperature, isCached: true },
});

/** Log-likelihood of the answers of an example, but for its end where that is certain, by one pass of training. */
function likelihood({ encoder }: Speaker, example: Example): number {
  const sentence = renderExample(example, language);
  const isCut = example.family.startsWith('to') && 'words' in example && example.words.length === language.maxWords;
  const answers = sentence.answers.map((isAnswer, t) => isAnswer && !(isCut && t === sentence.rows.length - 1));
  const { batch, asked } = languageBatch([{ sentence: { ...sentence, answers }, times: [0] }], language);
  const run = { training: false, step: 1, seed: 1 };
  return tf.tidy(() => -answerLoss(encoder, batch, asked, { temperature, run }).arraySync());
}

describe.each([
  ['sasrec', sasrec],
  ['hstu', hstu],
])('what %s says', (_, config) => {
  it.each(['toTitle', 'toAttributes'] as const)(
    'after %s has the likelihood that training gives it',
    async (family) => {
      const speaker = over(config);
      const items = [3, 17];
      const before = tf.memory().numTensors;
      const rows = new Map(language.words.map((word, place) => [word, language.rare + 1 + place]));
      const lengths = new Set<number>();
      // What is longer gains by the second.
      for (const lengthPenalty of [0.5, 2]) {
        const options = { width: 4, lengthPenalty };
        const lists = await writeTexts(speaker, family, items, options);
        for (const [i, texts] of lists.entries()) {
          expect(texts).toHaveLength(4);
          expect(texts.map(({ score }) => score)).toEqual(texts.map(({ score }) => score).sort((a, b) => b - a));
          for (const { words, score } of texts) {
            lengths.add(words.length);
            const own = words.map((word) => (word === undefined ? language.rare : rows.get(word)!));
            const expected = likelihood(speaker, { family, item: items[i], words: own });
            expect(score).toBeCloseTo(expected / (own.length + 1) ** lengthPenalty, 4);
          }
        }
        expect(await writeTexts({ ...speaker, isCached: false }, family, items, options)).toEqual(lists);
      }
      const asked = { width: 4, lengthPenalty: 0 };
      expect(await writeTexts(speaker, family, items, { width: 4 })).toEqual(
        await writeTexts(speaker, family, items, asked),
      );
      expect(tf.memory().numTensors).toBe(before);
      expect(Math.min(...lengths)).toBeLessThan(language.maxWords);
      expect(Math.max(...lengths)).toBe(language.maxWords);
      speaker.encoder.dispose();
    },
  );

  it('of the item of a title has the likelihood that training gives it', async () => {
    const speaker = over(config);
    const titles = [textRows(language, language.titles, 5), textRows(language, language.titles, 12)];
    const trie = new CodeTrie(codes);
    const lists = await itemsOfTitles(speaker, titles, { trie, width: Number.POSITIVE_INFINITY, mask: 'after' });
    for (const [t, words] of titles.entries()) {
      expect(lists[t].rows).toHaveLength(codes.count);
      for (const [i, row] of lists[t].rows.entries()) {
        const expected = likelihood(speaker, { family: 'fromTitle', words, item: row + 1 });
        expect(lists[t].scores[i]).toBeCloseTo(expected, 4);
      }
    }
    speaker.encoder.dispose();
  });
});

it('words become rows, those that are not known the rare one, no more than are read', () => {
  expect(rowsOfText(language, 'Red lip BALM')).toEqual(
    ['red', 'lip', 'balm'].map((word) => language.rare + 1 + language.words.indexOf(word)),
  );
  expect(rowsOfText(language, 'turquoise')).toEqual([language.rare]);
  expect(rowsOfText(language, 'red '.repeat(20))).toHaveLength(8);
  expect(rowsOfText(language, '!?')).toEqual([]);
  for (let item = 1; item <= 20; item++) {
    const title = `${['red', 'blue', 'green', 'black'][(item - 1) % 4]} ${['lip balm', 'nail polish', 'hair oil'][(item - 1) % 3]} No${item - 1}`;
    expect(rowsOfText(language, title)).toEqual(textRows(language, language.titles, item));
  }
});

it('an item that there is not and a title without words are refused; nothing asked is nothing answered', async () => {
  const speaker = over(sasrec);
  for (const item of [0, 21, 1.5])
    await expect(writeTexts(speaker, 'toTitle', [1, item], { width: 2 })).rejects.toThrow(
      `writeTexts: expected items from 1 to 20; got ${item}`,
    );
  expect(await writeTexts(speaker, 'toTitle', [], { width: 2 })).toEqual([]);
  const options = { trie: new CodeTrie(codes), width: 3, mask: 'after' as const };
  await expect(itemsOfTitles(speaker, [[language.rare], []], options)).rejects.toThrow(
    'itemsOfTitles: expected titles of 1 to 8 words; got 0 in title 1',
  );
  expect(await itemsOfTitles(speaker, [], options)).toEqual([]);
  speaker.encoder.dispose();
});
