import {
  type ModelConfig,
  modelKinds,
  type ObjectiveConfig,
  type ObjectiveConfigInput,
  parseModelConfig,
  parseObjectiveConfig,
} from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import { countedEncoders } from '../../measure/flops/step.ts';
import { suggestion } from '../../suggest.ts';

/** What a study varies in an encoder. */
export interface Shape {
  readonly width: number;
  readonly depth: number;
  readonly length: number;
}

/** What all encoders of a study share. */
export interface SharedSettings {
  readonly outputLength: number;
  /** Every dropout of the encoder. */
  readonly dropout: number;
}

/** Heads are 32 wide, the least that a fused attention uses well; narrower models have one head. */
const HEAD_WIDTH = 32;

/** How each encoder takes a shape, at the proportions of its published recipes: add a line for a new encoder. */
const builders: Readonly<
  Record<string, (shape: Shape, rate: number, outputLength: number) => Readonly<Record<string, unknown>>>
> = {
  hstu: ({ width }, rate, outputLength) => {
    const head = width / headsOf(width);
    return {
      numHeads: headsOf(width),
      outputLength,
      dqk: head,
      dv: head,
      linearDropout: rate,
      relativeBias: 'position-time',
    };
  },
  sasrec: ({ width }, rate, outputLength) => ({
    numHeads: headsOf(width),
    outputLength,
    ffnDim: width,
    ffnDropout: rate,
  }),
  transformer: ({ width }, rate, outputLength) => ({ numHeads: headsOf(width), outputLength, blockDropout: rate }),
  'transformer-plus-plus': ({ width }, rate) => ({ numHeads: headsOf(width), blockDropout: rate }),
  // The temperature is the study's: a learned one would make losses that cannot be compared.
  pinnerformer: ({ width }, rate) => ({
    numHeads: headsOf(width),
    modelDim: width,
    blockDropout: rate,
    learnedTemperature: false,
  }),
  gru4rec: (_, rate) => ({ blockDropout: rate }),
};

/**
 * Encoders that are published with an objective of their own, at the study's temperature. The others train under the
 * recipe's.
 */
const objectives: Readonly<Record<string, ObjectiveConfigInput>> = {
  // Pancha et al. 2022, sections 3.3 and 3.4: dense all-action labels of 28 days, mixed negatives with logQ.
  pinnerformer: {
    kind: 'pool-softmax',
    negatives: { kind: 'mixed', inBatch: 5000, random: 1024 },
    logQ: 'sketch',
    labels: { kind: 'dense-all-action', windowDays: 28, maxLabels: 32 },
    weighting: 'user',
  },
};

/** Whether an encoder trains under an objective of its own. */
export function hasOwnObjective(kind: string): boolean {
  return Object.hasOwn(objectives, kind);
}

/** The objective that an encoder is published with; absent: that of the recipe. */
export function ownObjective(kind: string, { temperature }: ObjectiveConfig): ObjectiveConfig | undefined {
  return hasOwnObjective(kind) ? parseObjectiveConfig({ ...objectives[kind], temperature }) : undefined;
}

/** Encoders that studies know. */
export const studyEncoders: readonly string[] = modelKinds('encode').filter(
  (kind) => builders[kind] !== undefined && countedEncoders().includes(kind),
);

/** The configuration of an encoder of this shape. */
export function encoderOf(kind: string, shape: Shape, shared: SharedSettings): ModelConfig {
  const build = builders[kind];
  if (build === undefined) throw new UsageError(`--encoders: "${kind}" is not known`, suggestion(kind, studyEncoders));
  return parseModelConfig({
    kind,
    embeddingDim: shape.width,
    numBlocks: shape.depth,
    maxSequenceLength: shape.length,
    inputDropout: shared.dropout,
    ...build(shape, shared.dropout, shared.outputLength),
  });
}

function headsOf(width: number): number {
  return width % HEAD_WIDTH === 0 ? width / HEAD_WIDTH : 1;
}
