import { describe, expect, it } from 'vitest';
import { objectiveTimeReaders, parseObjectiveConfig } from './objectives/registry.ts';

import { type ModelConfigInput, modelKinds, modelTimeReaders, parseModelConfig } from './registry.ts';

const sizes = { embeddingDim: 8, maxSequenceLength: 10, numBlocks: 1 };
const hstu = { kind: 'hstu', ...sizes, numHeads: 1, dqk: 8, dv: 8 } as const;
const pinnerformer = { kind: 'pinnerformer', ...sizes, modelDim: 8, numHeads: 1 } as const;

describe('what reads the times of events', () => {
  it.each<[ModelConfigInput, string[]]>([
    [hstu, ['relativeBias position-time']],
    [{ ...hstu, relativeBias: 'position' }, []],
    [{ ...hstu, relativeBias: 'rotary' }, []],
    [{ ...hstu, attention: 'softmax', relativeBias: 'none' }, []],
    [{ ...hstu, block: 'production' }, ['inputEncoding reverse-position-time']],
    [{ ...hstu, block: 'production', inputEncoding: 'position' }, []],
    [pinnerformer, ['time true']],
    [{ ...pinnerformer, time: false }, []],
    [{ kind: 'sasrec', ...sizes, numHeads: 1, ffnDim: 8 }, []],
  ])('%j', (config, expected) => {
    const readers = modelTimeReaders(parseModelConfig(config));
    expect(readers.map(({ key, value }) => `${key} ${value}`)).toEqual(expected);
  });

  it('is turned off by the setting that is named', () => {
    for (const config of [hstu, { ...hstu, block: 'production' } as const, pinnerformer]) {
      const [{ key, without }] = modelTimeReaders(parseModelConfig(config));
      expect(modelTimeReaders(parseModelConfig({ ...config, [key]: without }))).toEqual([]);
    }
  });

  it('knows every kind of model', () => {
    // A new kind has to be thought of: in its definition, and here.
    expect([...modelKinds('encode')].sort()).toEqual([
      'dssm',
      'gru4rec',
      'hstu',
      'pinnerformer',
      'sasrec',
      'transformer',
      'transformer-plus-plus',
    ]);
  });

  it('includes labels in a window of days', () => {
    const readers = (kind: string) => objectiveTimeReaders(parseObjectiveConfig({ labels: { kind } }));
    expect(['next-item', 'sasrec', 'next-action'].flatMap(readers)).toEqual([]);
    expect(readers('all-action')).toEqual([{ key: 'labels.kind', value: 'all-action', without: 'next-item' }]);
    expect(readers('dense-all-action')).toHaveLength(1);
  });
});
