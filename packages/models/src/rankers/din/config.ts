import { z } from 'zod';
import { hiddenSizes } from '../config.ts';
import { crossLayersFit, sequenceRankerFields } from '../sequence/config.ts';

/** What stands between the layers of the attention unit. */
export const unitActivations = ['relu', 'sigmoid', 'prelu', 'dice'] as const;

/** Configuration of {@link createDin}. */
export const dinConfigSchema = z
  .strictObject({
    kind: z.literal('din'),
    ...sequenceRankerFields,
    attentionHiddenSizes: hiddenSizes
      .default([64])
      .describe('Widths of the hidden layers that give an event its weight.'),
    attentionActivation: z
      .enum(unitActivations)
      .default('relu')
      .describe(
        'What stands after each of them; `prelu` has a slope a unit, which is learned, and `dice` one that depends on how the value stands among those of the batch.',
      ),
    attentionSoftmax: z
      .boolean()
      .default(false)
      .describe('Whether the weights of a history are made to sum to 1; the paper leaves them as they are.'),
    hiddenActivation: z
      .enum(['relu', 'dice'])
      .default('relu')
      .describe('What stands after each hidden layer of the tower.'),
  })
  .refine(...crossLayersFit)
  .describe('DIN, Zhou et al. 2018: events of the history weighted by hidden layers, in view of the item.');

export type DinConfig = z.output<typeof dinConfigSchema>;
export type DinConfigInput = z.input<typeof dinConfigSchema>;
