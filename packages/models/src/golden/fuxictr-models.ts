import { fuxiCtrDcnV2 } from '../rankers/dcn-v2/golden.ts';
import { fuxiCtrFm } from '../rankers/fm/golden.ts';
import { fuxiCtrLr } from '../rankers/lr/golden.ts';
import { fuxiCtrDnn } from '../rankers/mlp/golden.ts';
import { fuxiCtrMmoe } from '../rankers/mmoe/golden.ts';
import { fuxiCtrPle } from '../rankers/ple/golden.ts';
import { fuxiCtrDssm } from '../towers/dssm/golden.ts';
import type { FuxiCtrBuilder } from './fuxictr-model.ts';

/** By FuxiCTR's name of the model. */
export const fuxiCtrModels: Readonly<Record<string, FuxiCtrBuilder>> = {
  LR: fuxiCtrLr,
  FM: fuxiCtrFm,
  DNN: fuxiCtrDnn,
  DCNv2: fuxiCtrDcnV2,
  MMoE: fuxiCtrMmoe,
  PLE: fuxiCtrPle,
  DSSM: fuxiCtrDssm,
};
