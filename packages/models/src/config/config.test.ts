import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hstuBlocks } from '../encoders/hstu/blocks.ts';
import { hstuConfigSchema } from '../encoders/hstu/config.ts';
import { ConfigError } from '../errors.ts';
import { completeModelConfig, createModel, modelKinds, parseModelConfig } from '../registry.ts';

const known = modelKinds()
  .map((kind) => `'${kind}'`)
  .join(', ');
const hstu = { kind: 'hstu', embeddingDim: 8, maxSequenceLength: 4, numBlocks: 1, numHeads: 1, dqk: 8, dv: 8 } as const;

function problem(config: unknown): { message: string; path: string } {
  try {
    parseModelConfig(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('expected a ConfigError');
}

describe('parseModelConfig', () => {
  it('fills in the defaults of the reference', () => {
    expect(parseModelConfig(hstu)).toEqual({
      ...hstu,
      outputLength: 11,
      inputDropout: 0.2,
      learnedTemperature: false,
      numTimeBuckets: 128,
      attention: 'silu',
      actions: 'none',
      block: 'research',
      ...hstuBlocks.research,
    });
  });

  it('fills in the switches of a block, around those that are given', () => {
    expect(parseModelConfig({ ...hstu, block: 'production', concat: true })).toMatchObject({
      ...hstuBlocks.production,
      concat: true,
    });
    const filled = parseModelConfig({ ...hstu, block: 'production' });
    expect(parseModelConfig(filled)).toEqual(filled);
  });

  it.each([
    [{ ...hstu, kind: 'hsut' }, `model config: kind: expected one of ${known}; got "hsut"; did you mean 'hstu'?`],
    [{ embeddingDim: 8 }, `model config: kind: expected one of ${known}; got nothing; set kind first`],
    [null, `model config: kind: expected one of ${known}; got nothing; set kind first`],
    [
      { ...hstu, kind: 'toString' },
      `model config: kind: expected one of ${known}; got "toString"; a kind of your own comes with its plug-in`,
    ],
    [
      { ...hstu, numblocks: 3 },
      "model config (hstu): numblocks: expected a known key; got 'numblocks'; did you mean 'numBlocks'?",
    ],
    [{ ...hstu, numBlocks: '2' }, "model config (hstu): numBlocks: expected a value of type number; got '2'"],
    [{ ...hstu, numBlocks: 1.5 }, 'model config (hstu): numBlocks: expected an integer; got 1.5'],
    [{ ...hstu, numBlocks: 0 }, 'model config (hstu): numBlocks: expected number >= 1; got 0'],
    [{ ...hstu, inputDropout: 1 }, 'model config (hstu): inputDropout: expected number < 1; got 1'],
    [{ ...hstu, dqk: undefined }, 'model config (hstu): dqk: expected a value of type number; got nothing'],
    [
      { ...hstu, relativeBias: 'positon' },
      "model config (hstu): relativeBias: expected one of 'none', 'position', 'position-time', 'rotary'; got 'positon'; did you mean 'position'?",
    ],
    [
      { ...hstu, attention: 'softmax' },
      "model config (hstu): relativeBias: expected 'none' or 'rotary' when attention is 'softmax' (softmax attention has no relative bias here); got nothing",
    ],
    [
      { kind: 'transformer-plus-plus', embeddingDim: 10, maxSequenceLength: 4, numBlocks: 1, numHeads: 2 },
      'model config (transformer-plus-plus): embeddingDim: expected a multiple of 2 * numHeads, or headDim; got 10',
    ],
    [
      { kind: 'transformer-plus-plus', embeddingDim: 10, maxSequenceLength: 4, numBlocks: 1, numHeads: 2, headDim: 3 },
      'model config (transformer-plus-plus): headDim: expected an even width, whose columns rotary positions turn in pairs; got 3',
    ],
    [
      { kind: 'sasrec', embeddingDim: 10, maxSequenceLength: 4, numBlocks: 1, numHeads: 3, ffnDim: 8 },
      'model config (sasrec): embeddingDim: expected a multiple of numHeads; got 10',
    ],
  ])('%j', (config, message) => {
    expect(problem(config).message).toBe(message);
  });

  it('names the path and lists every problem', () => {
    const { message, path } = problem({ ...hstu, numBlocks: 0, dropout: 0.1 });
    expect(path).toBe('numBlocks');
    expect(message.split('\n')).toHaveLength(3);
    expect(message).toContain("dropout: expected a known key; got 'dropout'");
  });

  it('checks numItems and seed', () => {
    expect(() => createModel(hstu, { numItems: 0 })).toThrow('createModel: numItems: expected an integer >= 1; got 0');
    expect(() => createModel(hstu, { numItems: 3, seed: -1 })).toThrow('createModel: seed');
  });

  it('knows a kind for each folder with a definition', () => {
    const folders = readdirSync(new URL('..', import.meta.url), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/').split('/'))
      .filter((path) => path.at(-1) === 'definition.ts' && path.length === 3)
      .filter(([room]) => ['encoders', 'towers', 'rankers', 'generators'].includes(room))
      .map((path) => path.at(-2));
    expect(folders.sort()).toEqual([...modelKinds()].sort());
  });
});

describe('completeModelConfig', () => {
  const parsed = hstuConfigSchema.parse({ ...hstu, block: 'production', outputLength: 3 });

  it('sets what the parser of models sets, and nothing more the second time', () => {
    const whole = completeModelConfig(parsed);
    expect(whole).toEqual(parseModelConfig(parsed));
    expect(JSON.stringify(completeModelConfig(whole))).toBe(JSON.stringify(whole));
  });

  it('keeps the order of the schema, in which a parsed configuration comes back from a file', () => {
    const whole = completeModelConfig(parsed);
    expect(Object.keys(whole)).toEqual(Object.keys(hstuConfigSchema.parse(whole)));
    expect(Object.keys(whole)).not.toEqual(Object.keys(parseModelConfig(parsed)));
  });

  it('refuses settings that do not go together, and a kind that is not known', () => {
    expect(() => completeModelConfig({ ...parsed, featureDim: 3 })).toThrow(
      'model config (hstu): featureDim: expected it with features alone',
    );
    const sizes = { maxSequenceLength: 8, embeddingDim: 4, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4 };
    const fuxi = { kind: 'fuxi-alpha', ...sizes, ffnDim: 8 };
    expect(parseModelConfig(fuxi)).toMatchObject({ ffnDim: 8, multistage: true });
    expect(() => parseModelConfig({ ...fuxi, multistage: false })).toThrow(
      'model config (fuxi-alpha): ffnDim: expected nothing without the feed-forward part, which multistage: false',
    );
    expect(() => completeModelConfig({ kind: 'hsut' })).toThrow(`model config: kind: expected one of ${known}`);
  });
});
