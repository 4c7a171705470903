import { useBackend } from '@seqrec/core';
import { interactionsFromArrays } from '@seqrec/data';
import {
  codeModelConfig,
  codeSymbols,
  codeWriter,
  createModel,
  type DenseEncoder,
  type Generator,
  generateItems,
  languageOf,
  type ModelConfigInput,
  type TokenEncoder,
} from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeUpTimes, type PageCodes, type PageData } from '../src/report/page/page-data.ts';
import { openCatalogue } from './catalogue.ts';
import { CodeSession } from './code-session.ts';

const ITEMS = 20;
const EVENTS = 6;
const LATEST = 1_600_000_000;
/** The first two codes are shared, the third tells apart. */
const values = Array.from({ length: ITEMS }, (_, i) => [i % 3, i % 2, Math.floor(i / 6)]).flat();
const codes: PageCodes = {
  ...{ sizes: [3, 2, 4], hasCounter: true, values, maxEvents: EVENTS, beams: 12, mask: 'after', temperature: 0.5 },
};
const table = { count: ITEMS, sizes: [3, 2, 4], values: Int32Array.from(values) };
const shape = { embeddingDim: 8, maxSequenceLength: EVENTS, numBlocks: 1, numHeads: 2 };
const configs: readonly ModelConfigInput[] = [
  { kind: 'hstu', ...shape, dqk: 4, dv: 4, relativeBias: 'position-time' },
  { kind: 't5', ...shape, headDim: 4, ffnDim: 8, encoderBlocks: 1, decoderBlocks: 1 } as never,
];

beforeAll(async () => {
  await useBackend('simd');
});

const modelOf = (config: ModelConfigInput): Generator | TokenEncoder => {
  const { numBlocks: _, ...t5 } = config as Record<string, unknown>;
  const own = config.kind === ('t5' as string) ? t5 : config;
  return createModel(codeModelConfig(own as never, table), { numItems: codeSymbols(table).count, seed: 2 }) as
    | Generator
    | TokenEncoder;
};

describe.each(configs)('a session of codes, $kind', (config) => {
  it.each([
    ['without popularity', undefined],
    ['less what is popular', { weight: 0.7, events: Array.from({ length: ITEMS }, (_, i) => 40 - 2 * i) }],
  ])('answers as in Node, the whole history each time: %s', async (_, debias) => {
    const model = modelOf(config);
    const own = { ...codes, ...(debias && { debias }) };
    const session = new CodeSession(model, { codes: own, latestTime: LATEST });
    expect(session.state.append).toBe(false);
    const reference = modelOf(config);
    for (const history of [[3], [3, 9, 1], [5, 4, 3, 2, 1, 20, 19, 18]]) {
      const expected = await generateItems({
        ...{
          writer: codeWriter(reference, { temperature: 0.5 }),
          codes: table,
          beams: 12,
          mask: 'after',
          history,
          k: 5,
        },
        ...(debias && { debias: { weight: debias.weight, events: Int32Array.from(debias.events) } }),
        ...{ maxEvents: EVENTS, timestamps: madeUpTimes(history.length, LATEST), requestTime: LATEST },
      });
      const { items, tokens } = await session.answer(history, 5);
      expect(items).toEqual(expected);
      expect(items.every(({ item }) => !history.includes(item))).toBe(true);
      expect(tokens).toBeUndefined();
    }
    reference.dispose();
    session.dispose();
  });
});

it('a session of codes with vectors ranks by both, as in Node', async () => {
  const options = { numItems: codeSymbols(table).count, seed: 2, dense: { items: ITEMS, width: 3, table: true } };
  const made = () => createModel(codeModelConfig(configs[0], table), options) as DenseEncoder;
  const [model, reference] = [made(), made()];
  const dense = { after: 1, temperature: 0.3, levels: 2, mix: 0.4 };
  const session = new CodeSession(model, { codes: { ...codes, dense }, latestTime: undefined });
  const asked = {
    ...{
      writer: codeWriter(reference, { temperature: 0.5 }),
      codes: table,
      beams: 12,
      mask: 'after' as const,
      history: [3, 9, 1],
      k: 5,
    },
    ...{ maxEvents: EVENTS, timestamps: madeUpTimes(3, undefined), requestTime: 3 },
  };
  const { items } = await session.answer([3, 9, 1], 5);
  expect(items).toEqual(await generateItems({ ...asked, dense: { ...dense, head: reference.dense } }));
  expect(items).not.toEqual(await generateItems(asked));
  reference.dispose();
  session.dispose();
});

it('a session of codes among words begins every history as in training', async () => {
  const world = interactionsFromArrays({
    ...{
      name: 'words',
      users: Array.from({ length: ITEMS }, () => 1),
      timestamps: Array.from({ length: ITEMS }, (_, e) => e),
    },
    items: Array.from({ length: ITEMS }, (_, i) => i + 1),
  });
  const language = languageOf(world, table, { minCount: 1, maxWords: 4 });
  const made = () =>
    createModel(codeModelConfig(configs[0], table, language), { numItems: language.count, seed: 2 }) as TokenEncoder;
  const [model, reference] = [made(), made()];
  const opening = language.begins.retrieve;
  const session = new CodeSession(model, { codes: { ...codes, opening }, latestTime: undefined });
  const asked = {
    ...{ codes: table, beams: 12, mask: 'after' as const, history: [3, 9, 1], k: 5, maxEvents: EVENTS },
    ...{ timestamps: madeUpTimes(3, undefined), requestTime: 3 },
  };
  const { items } = await session.answer([3, 9, 1], 5);
  expect(items).toEqual(
    await generateItems({ ...asked, writer: codeWriter(reference, { temperature: 0.5, language }) }),
  );
  expect(items).not.toEqual(await generateItems({ ...asked, writer: codeWriter(reference, { temperature: 0.5 }) }));
  reference.dispose();
  session.dispose();
});

describe('a catalogue with codes', () => {
  const about: PageData = {
    ...{ format: 'seqrec-page', version: 1, recipe: 'r', run: 'r', epoch: 1, dataset: 'd', categoryNames: [] },
    ids: Array.from({ length: ITEMS }, (_, i) => `i${i + 1}`),
    titles: Array.from({ length: ITEMS }, () => null),
    events: Array.from({ length: ITEMS }, (_, i) => i % 7),
    categories: Array.from({ length: ITEMS }, () => []),
    codes,
  };

  it('shows codes without the counter, and what shares their beginning, most events first', () => {
    const catalogue = openCatalogue(about);
    expect(catalogue.codes(8)).toEqual([1, 1]);
    const sharing = catalogue.sharing([1, 1]);
    const expected = Array.from({ length: ITEMS }, (_, i) => i + 1).filter((item) => (item - 1) % 6 === 1);
    expect([...sharing].sort((a, b) => a - b)).toEqual(expected);
    const events = sharing.map((item) => about.events[item - 1]);
    expect(events).toEqual([...events].sort((a, b) => b - a));
    expect(catalogue.sharing([1])).toHaveLength(7);
    const { codes: _, ...without } = about;
    expect(openCatalogue(without).codes(8)).toEqual([]);
  });

  it('refuses codes of other items', () => {
    const wrong = { ...about, codes: { ...codes, values: values.slice(3) } };
    expect(() => openCatalogue(wrong)).toThrow('page.json: expected 3 codes of each of 20 items');
  });
});
