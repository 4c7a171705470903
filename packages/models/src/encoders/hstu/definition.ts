import type { ModelDefinition } from '../../definition.ts';
import type { TimeReader } from '../../reads-times.ts';
import { blockSettings, headsOfWidth, type ModelShape } from '../../study.ts';
import { withSwitches } from './blocks.ts';
import { type HstuConfig, hstuConfigSchema } from './config.ts';
import { hstuFlops } from './flops.ts';
import { createHstu } from './stack.ts';

/** HSTU. */
export const hstu = {
  kind: 'hstu',
  can: ['encode'],
  schema: hstuConfigSchema,
  create: createHstu,
  complete: (config) => withSwitches(config) as HstuConfig,
  timeReaders,
  incremental,
  flops: hstuFlops,
  study: { settings },
} as const satisfies ModelDefinition<HstuConfig>;

/** Relative attention bias, and places with times. */
function timeReaders(config: HstuConfig): TimeReader[] {
  const { relativeBias, inputEncoding } = withSwitches(config);
  return [
    ...(relativeBias === 'position-time'
      ? [{ key: 'relativeBias', value: relativeBias, without: 'position' } as const]
      : []),
    ...(inputEncoding === 'reverse-position-time'
      ? [{ key: 'inputEncoding', value: inputEncoding, without: 'position' } as const]
      : []),
  ];
}

/** Every row of a history has to stay as it is when an event comes. */
function incremental(config: HstuConfig): { readonly refusal?: string } {
  if (withSwitches(config).inputEncoding === 'reverse-position-time') {
    return {
      refusal:
        "HSTU with inputEncoding 'reverse-position-time' counts places and ages from the newest event: each event changes all rows before it; use inputEncoding 'position'",
    };
  }
  if ((config.minFullAttentionLength ?? 0) > 0) {
    return {
      refusal:
        'HSTU with minFullAttentionLength shows its newest rows the whole history, and a row that is no longer among them sees less than it saw; leave it out',
    };
  }
  return {};
}

function settings(shape: ModelShape) {
  const { width, outputLength, dropout } = shape;
  const numHeads = headsOfWidth(width);
  const heads = { numHeads, outputLength, dqk: width / numHeads, dv: width / numHeads };
  return { ...blockSettings(shape), ...heads, linearDropout: dropout, relativeBias: 'position-time' };
}
