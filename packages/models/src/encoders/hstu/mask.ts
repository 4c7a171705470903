import type { AttentionMask } from '@seqrec/core';
import type { HstuConfig } from './config.ts';

/** What hides keys besides causality: a local window, and who sees past it. */
export type HstuMask = Pick<HstuConfig, (typeof maskKeys)[number]>;

export const maskKeys = ['maxAttentionLength', 'globalAttentionLength', 'minFullAttentionLength'] as const;

/** The mask of the attention ops; nothing without a window. */
export function attentionMask(config: HstuMask): { readonly mask?: AttentionMask } {
  if (config.maxAttentionLength === undefined) return {};
  const given = maskKeys.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]);
  return { mask: Object.fromEntries(given) };
}

/** Keys that the query at place `i` of a sequence of `length` tokens sees, itself included. */
export function numVisibleKeys(config: HstuMask, length: number, i: number): number {
  const { maxAttentionLength, globalAttentionLength = 0, minFullAttentionLength = 0 } = config;
  if (maxAttentionLength === undefined || i >= length - minFullAttentionLength) return i + 1;
  const first = Math.max(0, i - maxAttentionLength);
  return i + 1 - first + Math.min(globalAttentionLength, first);
}
