import { countsFromNewest } from '../../config/encoder-fields.ts';
import type { ModelDefinition } from '../../definition.ts';
import type { TimeReader } from '../../reads-times.ts';
import { blockSettings, headsOfWidth, type ModelShape } from '../../study.ts';
import { type ChannelSet, channelsOf } from './channels.ts';
import { type FuxiAlphaConfig, fuxiAlphaConfigSchema } from './config.ts';
import { fuxiAlphaFlops } from './flops.ts';
import { createFuxiAlpha } from './stack.ts';

/** FuXi-alpha. */
export const fuxiAlpha = {
  kind: 'fuxi-alpha',
  can: ['encode'],
  schema: fuxiAlphaConfigSchema,
  create: createFuxiAlpha,
  timeReaders,
  incremental: (config) => countsFromNewest('fuxi-alpha', config),
  flops: fuxiAlphaFlops,
  study: { settings },
} as const satisfies ModelDefinition<FuxiAlphaConfig>;

/** The time channel; without it the others, or positions where it is the only one. */
function timeReaders({ channels }: FuxiAlphaConfig): TimeReader[] {
  const all = channelsOf(channels);
  if (!all.includes('time')) return [];
  const without = (all.filter((channel) => channel !== 'time').join('-') || 'position') as ChannelSet;
  return [{ key: 'channels', value: channels, without }];
}

function settings(shape: ModelShape) {
  const { width, outputLength, dropout } = shape;
  const numHeads = headsOfWidth(width);
  const heads = { numHeads, outputLength, dqk: width / numHeads, dv: width / numHeads };
  return { ...blockSettings(shape), ...heads, linearDropout: dropout };
}
