import { type EncoderCases, matrixSizes, overfitSizes } from '../../../test-support/encoder-case.ts';
import {
  blocks,
  D,
  documentedSizes,
  items,
  map,
  network,
  norm,
  normal,
  prefixed,
  temperature,
  transformerBlock,
  truncated,
  uniform,
  zeros,
} from '../../../test-support/initial.ts';
import { pinnerformerFormula } from './formula.ts';

export const pinnerformerCases: EncoderCases = {
  formula: pinnerformerFormula,
  tiny: {
    pinnerformer: {
      kind: 'pinnerformer',
      embeddingDim: 8,
      modelDim: 12,
      maxSequenceLength: 6,
      numBlocks: 1,
      numHeads: 2,
    },
  },
  overfit: { pinnerformer: { kind: 'pinnerformer', ...overfitSizes, numHeads: 2, modelDim: 32, blockDropout: 0 } },
  overfitRate: 0.003,
  matrix: { kind: 'pinnerformer', ...matrixSizes, numHeads: 1, modelDim: 16, blockDropout: 0, actions: 'rating' },
  initial: {
    pinnerformer: {
      config: {
        kind: 'pinnerformer',
        ...documentedSizes,
        modelDim: 48,
        numHeads: 2,
        actions: 'rating',
        duration: 'rating',
      },
      initial: {
        ...items,
        'input.positions.weight': truncated(Math.sqrt(1 / 48)),
        ...prefixed('input.item.', map(D, 48)),
        'input.actions.weight': truncated(0.02),
        ...prefixed('input.action.', map(32, 48)),
        'input.duration.weight': normal(0.02),
        'input.duration.bias': zeros,
        ...Object.fromEntries(['absolute', 'age', 'gap'].map((name) => [`input.time.${name}.phase`, uniform(Math.PI)])),
        'input.time.weight': normal(0.02),
        'input.time.bias': zeros,
        ...blocks((i) => prefixed(`layers.${i}.`, transformerBlock(48, 192))),
        ...prefixed('output.norm.', norm),
        ...prefixed('output.', network(48, 192, D)),
        ...prefixed('item_tower.', network(D, 64, D)),
        ...temperature,
      },
    },
  },
};
