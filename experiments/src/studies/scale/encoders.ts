import {
  type ModelConfig,
  type ModelShape,
  modelStudy,
  type ObjectiveConfig,
  parseModelConfig,
  parseObjectiveConfig,
} from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import { countedEncoders } from '../../measure/flops/step.ts';
import { suggestion } from '../../suggest.ts';

/** What a study varies in an encoder. */
export type Shape = Pick<ModelShape, 'width' | 'depth' | 'length'>;

/** What all encoders of a study share. */
export type SharedSettings = Pick<ModelShape, 'outputLength' | 'dropout'>;

/** The objective that an encoder is published with, at the study's temperature; absent: that of the recipe. */
export function ownObjective(kind: string, { temperature }: ObjectiveConfig): ObjectiveConfig | undefined {
  const objective = modelStudy(kind)?.objective;
  return objective && parseObjectiveConfig({ ...objective, temperature });
}

/** Whether an encoder is published with an objective of its own. */
export function hasOwnObjective(kind: string): boolean {
  return modelStudy(kind)?.objective !== undefined;
}

/** Encoders that studies know, those of plug-ins among them: their definitions have `study` and `flops`. */
export function studyEncoders(): readonly string[] {
  return countedEncoders().filter((kind) => modelStudy(kind) !== undefined);
}

/** The configuration of an encoder of this shape. */
export function encoderOf(kind: string, shape: Shape, shared: SharedSettings): ModelConfig {
  const study = modelStudy(kind);
  if (study === undefined)
    throw new UsageError(`--encoders: "${kind}" is not known`, suggestion(kind, studyEncoders()));
  return parseModelConfig({ ...study.settings({ ...shape, ...shared }), kind });
}
