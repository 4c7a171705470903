import {
  blockSettings,
  createModel,
  defineModel,
  gru4recConfigSchema,
  linearFlops,
  type ModelShape,
} from '@seqrec/models';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { encoderList } from './base.ts';
import { encoderOf, ownObjective, studyEncoders } from './encoders.ts';

const shape = { width: 64, depth: 3, length: 40 };
const shared = { outputLength: 2, dropout: 0.3 };

beforeAll(() => {
  const own = (kind: string) => ({
    kind,
    can: ['encode'] as const,
    schema: gru4recConfigSchema.extend({ kind: z.literal(kind) }),
    create: (config: { readonly kind: string }, options: Parameters<typeof createModel>[1]) =>
      createModel({ ...config, kind: 'gru4rec' }, options),
  });
  const flops = () => linearFlops(1, { in: 1, out: 1 });
  const objective = { kind: 'bce', numNegatives: 3 };
  const settings = (given: ModelShape) => ({ ...blockSettings(given), blockDropout: given.dropout });
  defineModel({ ...own('own/whole'), flops, study: { settings, objective } });
  defineModel({ ...own('own/uncounted'), study: { settings: blockSettings } });
  defineModel({ ...own('own/shapeless'), flops });
});

it('takes the encoders whose definitions have a formula and a shape, those of others too', () => {
  const builtIn = ['hstu', 'sasrec', 'transformer', 'transformer-plus-plus', 'gru4rec', 'pinnerformer', 'fuxi-alpha'];
  expect(studyEncoders()).toEqual([...builtIn, 'own/whole']);
  expect(encoderList('own/whole,hstu')).toEqual(['own/whole', 'hstu']);
  expect(() => encoderList('own/uncounted')).toThrow(
    `--encoders: expected names among ${builtIn.join(', ')}, own/whole, with commas; got "own/uncounted"`,
  );
  expect(() => encoderOf('own/shapeless', shape, shared)).toThrow('--encoders: "own/shapeless" is not known');
});

it('gives all encoders one shape and one dropout', () => {
  for (const kind of studyEncoders()) {
    const config: Readonly<Record<string, unknown>> = { ...encoderOf(kind, shape, shared) };
    const sizes = { kind, embeddingDim: 64, numBlocks: 3, maxSequenceLength: 40 };
    expect(config).toMatchObject({ ...sizes, inputDropout: 0.3, learnedTemperature: false });
    const rates = Object.keys(config).filter((key) => /dropout$/i.test(key) && key !== 'attentionDropout');
    for (const rate of rates) expect(config[rate], `${kind} ${rate}`).toBe(0.3);
    if ('outputLength' in config && config.outputLength !== undefined) expect(config.outputLength, kind).toBe(2);
  }
});

it('makes heads 32 wide, or one', () => {
  expect(encoderOf('hstu', shape, shared)).toMatchObject({ numHeads: 2, dqk: 32, dv: 32 });
  expect(encoderOf('hstu', { ...shape, width: 48 }, shared)).toMatchObject({ numHeads: 1, dqk: 48, dv: 48 });
});

it('has the objective that an encoder is published with, at the temperature of the study', () => {
  const base = { temperature: 0.07 } as Parameters<typeof ownObjective>[1];
  expect(ownObjective('pinnerformer', base)).toMatchObject({ kind: 'pool-softmax', logQ: 'sketch', temperature: 0.07 });
  expect(ownObjective('own/whole', base)).toMatchObject({ kind: 'bce', numNegatives: 3, temperature: 0.07 });
  expect(ownObjective('hstu', base)).toBeUndefined();
});
