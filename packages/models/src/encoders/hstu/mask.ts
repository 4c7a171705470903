import type { AttentionMask } from '@seqrec/core';
import type { HstuConfig } from './config.ts';

/** What hides keys besides causality: a local window, and who sees past it. */
export type HstuMask = Pick<HstuConfig, (typeof maskKeys)[number]>;

export const maskKeys = ['maxAttentionLength', 'globalAttentionLength', 'minFullAttentionLength'] as const;

/** What a layer may hide besides: histories that begin with contextual tokens, and end with targets. */
export interface RankingMask extends HstuMask {
  readonly contextualLength?: number;
  /** `[B]`. */
  readonly numTargets?: readonly number[];
}

/** The mask of the attention ops; nothing without a window, contextual tokens and targets. */
export function attentionMask(config: RankingMask): { readonly mask?: AttentionMask } {
  const window = config.maxAttentionLength === undefined ? [] : maskKeys;
  const keys = [...window, 'contextualLength', 'numTargets'] as const;
  const given = keys.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]);
  return given.length === 0 ? {} : { mask: Object.fromEntries(given) };
}

/** Keys that the query at place `i` of a sequence of `length` tokens sees, itself included. */
export function numVisibleKeys(config: HstuMask, length: number, i: number): number {
  const { maxAttentionLength, globalAttentionLength = 0, minFullAttentionLength = 0 } = config;
  if (maxAttentionLength === undefined || i >= length - minFullAttentionLength) return i + 1;
  const first = Math.max(0, i - maxAttentionLength);
  return i + 1 - first + Math.min(globalAttentionLength, first);
}
