import { z } from 'zod';
import { rate } from '../../config/fields.ts';
import {
  embeddingDim,
  expertCount,
  fieldFields,
  hiddenSizes,
  sizesOrNone,
  tableFields,
  tableScheme,
} from '../config.ts';

/** What the gate of the shared experts mixes. */
export const sharedGates = ['all-experts', 'shared-experts'] as const;

/** Configuration of {@link createPle}. */
export const pleConfigSchema = z
  .strictObject({
    kind: z.literal('ple'),
    ...fieldFields,
    embeddingDim,
    tables: tableScheme,
    layers: z.int().min(1).max(16).default(2).describe('Extraction layers, one after the other.'),
    sharedExperts: expertCount.default(1).describe('Experts of each layer that all labels read.'),
    ownExperts: expertCount.default(1).describe('Experts of each layer for each label alone.'),
    expertHiddenSizes: hiddenSizes.default([400]).describe('Widths of the layers of each expert.'),
    gateHiddenSizes: sizesOrNone.default([]).describe('Widths of the hidden layers of each gate.'),
    sharedGate: z
      .enum(sharedGates)
      .default('all-experts')
      .describe(
        'What the gate mixes that makes the input of the next shared experts: `all-experts`, as published; `shared-experts`, as FuxiCTR.',
      ),
    towerHiddenSizes: sizesOrNone.default([64]).describe('Widths of the hidden layers of the tower of each label.'),
    dropout: rate.default(0).describe('Dropout after each hidden layer of experts, gates and towers.'),
    gateDropout: rate.default(0).describe('Chance that a gate leaves an expert out of an example, in training.'),
    ...tableFields,
  })
  .describe('Progressive layered extraction, Tang et al. 2020: shared experts and experts of each label, in layers.');

export type PleConfig = z.output<typeof pleConfigSchema>;
export type PleConfigInput = z.input<typeof pleConfigSchema>;
