// What the command line loads: importing it defines everything.
import { defineSource, defineWindows } from '@seqrec/data';
import {
  defineBaseline,
  defineItemVectors,
  defineMetric,
  defineModel,
  defineObjective,
  defineTask,
  defineTokenizer,
} from '@seqrec/models';
import { bothEnds } from './both-ends.ts';
import { bpr } from './bpr.ts';
import { decayedMean } from './decayed-mean.ts';
import { fadingPopularity } from './fading-popularity.ts';
import { letters } from './letters.ts';
import { orders } from './orders.ts';
import { quantiles } from './quantiles.ts';
import { rankBiasedPrecision } from './rank-biased-precision.ts';
import { spread } from './spread.ts';

defineSource(orders);
defineWindows(bothEnds);
defineModel(decayedMean);
defineObjective(bpr);
defineTask(spread);
defineItemVectors(letters);
defineTokenizer(quantiles);
defineBaseline(fadingPopularity);
defineMetric(rankBiasedPrecision);
