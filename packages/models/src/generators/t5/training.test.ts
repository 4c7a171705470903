import { useBackend } from '@seqrec/core';
import { type SequenceBatch, takeTokens } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import type { Run } from '../../layers/layer.ts';
import { type BatchPart, onlyPart } from '../../tasks/part.ts';
import type { Generator } from '../generator.ts';
import { drawnModel, someHistories, someSymbols, tinyConfig } from './test-support/world.ts';
import { historyCuts, trainingPairs } from './training-pairs.ts';

const symbols = someSymbols();
const run: Run = { training: true, step: 5, seed: 3 };

beforeAll(async () => {
  await useBackend('auto');
});

/** Sequences `from .. to - 1` of a batch, and where they lie in it. */
function partOf(whole: SequenceBatch, from: number, to: number): [SequenceBatch, BatchPart] {
  const first = whole.offsets[from];
  const tokens = Int32Array.from({ length: whole.offsets[to] - first }, (_, t) => first + t);
  const offsets = whole.offsets.slice(from, to + 1).map((offset) => offset - first);
  const own = takeTokens({ ...whole, users: whole.users.slice(from, to) }, offsets, tokens);
  return [own, { whole, firstSequence: from, firstToken: first }];
}

describe('training pairs', () => {
  const whole = someHistories([4, 1, 0, 7]);

  it('have one to all events before them, and the event after as the target', () => {
    const cuts = Int32Array.of(2, 1, 0, 7);
    const pairs = trainingPairs(whole, symbols, { cuts, part: onlyPart(whole) });
    const { levels, ofItems } = symbols;
    const rows = (items: ArrayLike<number>) =>
      Array.from(items).flatMap((item) => [...ofItems.subarray(item * levels, (item + 1) * levels)]);
    const { itemIds, targets, offsets } = whole;
    expect(pairs.count).toBe(3);
    expect([...pairs.histories.offsets]).toEqual([0, 6, 9, 30]);
    expect([...pairs.histories.ids]).toEqual(rows([...itemIds.slice(0, 2), itemIds[4], ...itemIds.slice(5)]));
    const items = [targets[1], targets[offsets[2] - 1], targets[offsets[4] - 1]];
    // The item after a cut is the next of the history.
    expect(items[0]).toBe(itemIds[2]);
    const written = items.map((item) => rows([item]));
    expect(pairs.targets.map((of) => [...of])).toEqual([0, 1, 2].map((l) => written.map((own) => own[l])));
    expect([...pairs.written.ids]).toEqual(written.flatMap((own) => [0, ...own.slice(0, -1)]));
    expect([...pairs.written.offsets]).toEqual([0, 3, 6, 9]);
  });

  it('of a part are those of the whole batch', () => {
    const cuts = historyCuts(whole, 'random', run);
    const all = trainingPairs(whole, symbols, { cuts, part: onlyPart(whole) });
    const [batch, part] = partOf(whole, 2, 4);
    const own = trainingPairs(batch, symbols, { cuts, part });
    expect(own.count).toBe(1);
    expect([...own.histories.ids]).toEqual([...all.histories.ids.slice(all.histories.offsets[2])]);
    expect(own.before).toEqual({ codes: all.histories.offsets[2], pairs: 2 });
    expect(all.before).toEqual({ codes: 0, pairs: 0 });
  });

  it('are cut anywhere alike, by seed and step; or at the end', () => {
    const many = someHistories(new Array<number>(2000).fill(4));
    const cuts = historyCuts(many, 'random', run);
    const counts = [0, 1, 2, 3, 4].map((cut) => cuts.filter((each) => each === cut).length);
    expect(counts[0]).toBe(0);
    // Five standard deviations of 2000 draws with chance 1/4.
    for (const count of counts.slice(1)) expect(Math.abs(count - 500)).toBeLessThan(100);
    expect(historyCuts(many, 'random', run)).toEqual(cuts);
    expect(historyCuts(many, 'random', { ...run, step: 6 })).not.toEqual(cuts);
    expect(historyCuts(many, 'random', { ...run, seed: 4 })).not.toEqual(cuts);
    expect([...historyCuts(whole, 'last', run)]).toEqual([4, 1, 0, 7]);
  });
});

function lossOf(model: Generator, host: SequenceBatch, part: BatchPart, at: Run = run) {
  const batch = uploadBatch(host);
  let weight = 0;
  const { value, grads } = tf.variableGrads(() => {
    const loss = model.loss({ symbols, batch, part, run: at });
    weight = loss.weight;
    return loss.sum;
  }, [...model.variables().values()]);
  const all = [value, ...[...model.variables().values()].map(({ name }) => grads[name])];
  const values = all.map((each) => Array.from(each.dataSync()));
  tf.dispose([value, grads]);
  batch.dispose();
  return { weight, values };
}

describe('the loss', () => {
  const whole = someHistories([4, 1, 0, 7, 3]);
  it.each(['level', 'all'] as const)('of parts is that of the batch, dropout included: softmax %s', (softmax) => {
    const { model } = drawnModel(tinyConfig({ dropout: 0.3, softmax }), symbols);
    const all = lossOf(model, whole, onlyPart(whole));
    const parts = [0, 1, 3].map((from, i) => lossOf(model, ...partOf(whole, from, [1, 3, 5][i])));
    expect(all.weight).toBe(4);
    expect(parts.map(({ weight }) => weight)).toEqual([1, 1, 2]);
    for (const [v, values] of all.values.entries()) {
      const size = Math.max(...values.map(Math.abs));
      for (const [i, value] of values.entries()) {
        const sum = parts.reduce((total, part) => total + part.values[v][i], 0);
        expect(Math.abs(sum - value) / size).toBeLessThan(2e-5);
      }
    }
    model.dispose();
  });

  it('of a part without events is nothing, with gradients', () => {
    const { model } = drawnModel(tinyConfig(), symbols);
    const { weight, values } = lossOf(model, ...partOf(whole, 2, 3));
    expect(weight).toBe(0);
    expect(values.flat().every((value) => value === 0)).toBe(true);
    model.dispose();
  });

  it('has dropout in training alone, anew in each step', () => {
    const host = someHistories([4, 6]);
    const of = (dropout: number, at: Run): number => {
      const { model } = drawnModel(tinyConfig({ dropout, cuts: 'last' }), symbols);
      const [loss] = lossOf(model, host, onlyPart(host), at).values;
      model.dispose();
      return loss[0];
    };
    const evaluation = { ...run, training: false };
    const plain = of(0, run);
    expect(of(0, evaluation)).toBe(plain);
    expect(of(0.4, evaluation)).toBe(plain);
    expect(of(0.4, run)).not.toBe(plain);
    expect(of(0.4, run)).toBe(of(0.4, run));
    expect(of(0.4, { ...run, step: 6 })).not.toBe(of(0.4, run));
  });

  it('does not depend on how codes are numbered inside a level', () => {
    const { model } = drawnModel(tinyConfig({ cuts: 'last' }), symbols);
    const [before] = lossOf(model, whole, onlyPart(whole)).values;
    // Codes 0 and 2 of level 0 change places: in the table and in the items.
    const swap = (row: number): number => ({ 1: 3, 3: 1 })[row] ?? row;
    const table = model.variables().get('shared.weight') as tf.Variable;
    const order = Array.from({ length: symbols.count + 1 }, (_, row) => swap(row));
    table.assign(tf.tidy(() => tf.gather(table, order)));
    const batch = uploadBatch(whole);
    const renamed = { ...symbols, ofItems: symbols.ofItems.map(swap) };
    const { sum } = model.loss({ symbols: renamed, batch, part: onlyPart(whole), run });
    expect(sum.dataSync()[0]).toBeCloseTo(before[0], 4);
    sum.dispose();
    batch.dispose();
    model.dispose();
  });
});
