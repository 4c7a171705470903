import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { checkAdamW } from './adamw-check.ts';
import { boundSlack, eachSeed, runs } from './arbitraries.ts';
import { type Present, probe, type Variant } from './backends.ts';
import { cases } from './cases.ts';
import type { EdgePart } from './compare.ts';
import { checkGatedMask } from './layer-step-cases.ts';
import { parts } from './parts.ts';
import { attentions, checkAlone, checkCausality, checkDropoutBits, checkPermutation } from './properties.ts';
import { queryBits } from './query-bits.ts';
import { checkTiesOfRanges, checkUndefinedScores } from './ranking-cases.ts';
import { checkRecurrenceCuts } from './recurrence-cuts.ts';
import { checkAssignRows, checkRowwiseAdamW } from './rowwise-adamw-check.ts';
import { checkStockEdges, checkStockOp, stockOps } from './stock-ops.ts';

const RUNS = 30;
/** Hundreds of problems, on a machine that may be busy. */
const EDGES_TIMEOUT = 300_000;

/** Whether a backend has kernels of ours, whose ways the edges are about; composed ones run a few. */
const ownKernels = (name: Present['name']): boolean => name === 'simd';

/**
 * The conformance suite of one backend: every op of ours against the float64 reference, properties, and the stock ops
 * we rely on against `cpu`; `edges` says which part of the edges is run. A backend that is absent is reported as
 * skipped, with the reason in its title.
 */
export async function conformanceSuite(
  name: Present['name'],
  variant?: Variant,
  edges: EdgePart = { step: ownKernels(name) ? 1 : 40 },
): Promise<void> {
  const { absent } = await probe(name, variant);
  const label = variant === undefined ? name : `${name}, ${variant.label}`;
  const title = absent === undefined ? `backend ${label}` : `backend ${label} (absent: ${absent})`;
  describe.skipIf(absent !== undefined)(title, () => {
    beforeAll(async () => {
      // Another suite of the file may have started the backend in its own way since.
      await variant?.start();
      await tf.setBackend(name);
    });

    describe('ours against the float64 reference', () => {
      for (const kase of cases) {
        const [output, gradients] = [kase.bounds.output, kase.bounds.gradients].map((bound) => boundSlack() * bound);
        const within = `within ${output} and ${gradients} for gradients`;
        it(`${kase.name}, edges, ${within}`, () => kase.checkEdges(edges), EDGES_TIMEOUT);
        it(`${kase.name}, drawn, ${within}`, () => eachSeed(() => kase.check(runs(RUNS))));
      }
      it('AdamW', () => eachSeed(checkAdamW));
      it('RowwiseAdamW', () => eachSeed(checkRowwiseAdamW));
      it('assignRows', () => eachSeed(checkAssignRows));
    });

    describe('properties', () => {
      it('dropout masks have the bits of the reference', () => eachSeed(checkDropoutBits));
      it('gatedNorm drops what dropout drops', () => eachSeed(checkGatedMask));
      for (const { name: op, check } of parts)
        it(`${op} gives parts of a batch the bits of the whole`, () => eachSeed(check));
      for (const { name: op, check } of queryBits)
        it(`${op} gives a few queries the bits of the full pass`, () => eachSeed(check));
      it('gatedRecurrence gives a sequence that is cut the bits of the whole', () => eachSeed(checkRecurrenceCuts));
      it('ranking refuses a NaN', checkUndefinedScores);
      it('topItems takes the lower id of equal scores, whatever range it lies in', checkTiesOfRanges);
      const [hstu, causal] = attentions;
      it('hstuAttention is causal', () => eachSeed(() => checkCausality(hstu)));
      it('hstuAttention treats each sequence as if alone', () => eachSeed(() => checkAlone(hstu)));
      it('hstuAttention commutes with permuting the batch', () => eachSeed(() => checkPermutation(hstu)));
      it('causalAttention is causal', () => eachSeed(() => checkCausality(causal)));
      it('causalAttention treats each sequence as if alone', () => eachSeed(() => checkAlone(causal)));
      it('causalAttention commutes with permuting the batch', () => eachSeed(() => checkPermutation(causal)));
    });

    // On cpu the stock ops are the yardstick themselves.
    if (name !== 'cpu') {
      describe('stock ops against cpu', () => {
        for (const stock of stockOps) {
          if (stock.edges !== undefined)
            it(`${stock.name}, edges`, () => checkStockEdges(stock, name, edges), EDGES_TIMEOUT);
          it(stock.name, () => eachSeed(() => checkStockOp(stock, name)));
        }
      });
    }

    afterAll(() => {
      if (process.env.SEQREC_WORST === undefined) return;
      for (const { name: op, worst } of cases) {
        const errors = [...worst].map(([tensor, error]) => `${tensor} ${error.toExponential(1)}`);
        process.stdout.write(`${name} ${op}: ${errors.join(', ')}\n`);
      }
    });
  });
}
