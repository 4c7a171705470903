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

/** Configuration of {@link createMmoe}. */
export const mmoeConfigSchema = z
  .strictObject({
    kind: z.literal('mmoe'),
    ...fieldFields,
    embeddingDim,
    tables: tableScheme,
    experts: expertCount.default(4).describe('Experts, which all labels share.'),
    expertHiddenSizes: hiddenSizes.default([400]).describe('Widths of the layers of each expert.'),
    gateHiddenSizes: sizesOrNone.default([]).describe('Widths of the hidden layers of each gate.'),
    towerHiddenSizes: sizesOrNone.default([64]).describe('Widths of the hidden layers of the tower of each label.'),
    dropout: rate.default(0).describe('Dropout after each hidden layer of experts, gates and towers.'),
    gateDropout: rate.default(0).describe('Chance that a gate leaves an expert out of an example, in training.'),
    ...tableFields,
  })
  .describe('Multi-gate mixture of experts, Ma et al. 2018: experts that the labels share, a gate each.');

export type MmoeConfig = z.output<typeof mmoeConfigSchema>;
export type MmoeConfigInput = z.input<typeof mmoeConfigSchema>;
