import { fuxiAlphaCases } from '../encoders/fuxi-alpha/test-support/cases.ts';
import { gru4recCases } from '../encoders/gru4rec/test-support/cases.ts';
import { hstuCases } from '../encoders/hstu/test-support/cases.ts';
import { pinnerformerCases } from '../encoders/pinnerformer/test-support/cases.ts';
import { sasrecCases } from '../encoders/sasrec/test-support/cases.ts';
import { transformerCases } from '../encoders/transformer/test-support/cases.ts';
import { transformerPlusPlusCases } from '../encoders/transformer-plus-plus/test-support/cases.ts';
import { dssmCases } from '../towers/dssm/test-support/cases.ts';
import type { EncoderCases } from './encoder-case.ts';

/** By kind: a line each. */
export const encoderCases: Readonly<Record<string, EncoderCases>> = {
  hstu: hstuCases,
  sasrec: sasrecCases,
  transformer: transformerCases,
  'transformer-plus-plus': transformerPlusPlusCases,
  gru4rec: gru4recCases,
  pinnerformer: pinnerformerCases,
  'fuxi-alpha': fuxiAlphaCases,
  dssm: dssmCases,
};

/** Configurations of all encoders, by their names. */
export function casesOf<T>(of: (cases: EncoderCases) => Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.assign({}, ...Object.values(encoderCases).map(of)) as Readonly<Record<string, T>>;
}
