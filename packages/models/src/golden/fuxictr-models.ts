import { fuxiCtrAutoInt } from '../rankers/autoint/golden.ts';
import { fuxiCtrBst } from '../rankers/bst/golden.ts';
import { fuxiCtrDcnV2 } from '../rankers/dcn-v2/golden.ts';
import { fuxiCtrDin } from '../rankers/din/golden.ts';
import { fuxiCtrFcn } from '../rankers/fcn/golden.ts';
import { fuxiCtrFinalMlp } from '../rankers/finalmlp/golden.ts';
import { fuxiCtrFinalNet } from '../rankers/finalnet/golden.ts';
import { fuxiCtrFm } from '../rankers/fm/golden.ts';
import { fuxiCtrGdcnParallel, fuxiCtrGdcnStacked } from '../rankers/gdcn/golden.ts';
import { fuxiCtrLr } from '../rankers/lr/golden.ts';
import { fuxiCtrDnn } from '../rankers/mlp/golden.ts';
import { fuxiCtrMmoe } from '../rankers/mmoe/golden.ts';
import { fuxiCtrPle } from '../rankers/ple/golden.ts';
import { fuxiCtrTransact } from '../rankers/transact/golden.ts';
import { fuxiCtrDssm } from '../towers/dssm/golden.ts';
import type { FuxiCtrBuilder } from './fuxictr-model.ts';

/** By FuxiCTR's name of the model. */
export const fuxiCtrModels: Readonly<Record<string, FuxiCtrBuilder>> = {
  LR: fuxiCtrLr,
  FM: fuxiCtrFm,
  DNN: fuxiCtrDnn,
  DCNv2: fuxiCtrDcnV2,
  DCNv3: fuxiCtrFcn,
  GDCNP: fuxiCtrGdcnParallel,
  GDCN: fuxiCtrGdcnStacked,
  FinalMLP: fuxiCtrFinalMlp,
  FinalNet: fuxiCtrFinalNet,
  AutoInt: fuxiCtrAutoInt,
  MMoE: fuxiCtrMmoe,
  PLE: fuxiCtrPle,
  DSSM: fuxiCtrDssm,
  DIN: fuxiCtrDin,
  BST: fuxiCtrBst,
  TransAct: fuxiCtrTransact,
};
