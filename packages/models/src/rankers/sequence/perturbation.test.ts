// Scores of models of sequences are those of the row, whatever is beside it, after it or nowhere: bit for bit.
import { useBackend } from '@seqrec/core';
import {
  type ExampleSet,
  interactionsFromArrays,
  makeBatch,
  pointExamples,
  takeExamples,
  withHistories,
} from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitFields } from '../../features/fit-fields.ts';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { parseModelConfig } from '../../registry.ts';
import { makeRanker, rowModels, sequenceVariants } from '../../test-support/row-models.ts';

const USERS = 6;
const EACH = 12;
const RUN = { training: false, step: 0, seed: 0 };
const userHistory = {
  maxEvents: 5,
  columns: ['clicked', { column: 'stars', encode: 'steps' as const, width: 1 }],
};

interface Changed {
  /** Events from this one on, of the user 2, have other ratings, labels and items. */
  readonly from?: number;
  /** Ratings of all but the last five earlier events change. */
  readonly upTo?: number;
}

/** Users with twelve events each, two at a time in the same second. */
function world({ from = Number.POSITIVE_INFINITY, upTo = -1 }: Changed = {}): ExampleSet {
  const events = Array.from({ length: USERS * EACH }, (_, e) => ({ user: Math.floor(e / EACH), at: e % EACH }));
  const isChanged = ({ user, at }: { user: number; at: number }) => user === 2 && (at >= from || at <= upTo);
  const interactions = interactionsFromArrays({
    name: 'perturbed',
    users: events.map(({ user }) => user),
    items: events.map((event) => 1 + ((event.user * 5 + event.at * 7 + (isChanged(event) ? 3 : 0)) % 9)),
    timestamps: events.map(({ at }) => 1000 + 60 * Math.floor(at / 2)),
    columns: {
      clicked: {
        kind: 'number',
        values: events.map((event) => (event.user + event.at + (isChanged(event) ? 1 : 0)) % 2),
      },
      stars: { kind: 'number', values: events.map((event) => 1 + ((event.at + (isChanged(event) ? 2 : 0)) % 5)) },
    },
    labels: ['clicked'],
    itemColumns: {
      ids: Array.from({ length: 9 }, (_, i) => i + 1),
      columns: { genres: { kind: 'ids', values: Array.from({ length: 9 }, (_, i) => [`g${i % 3}`, `h${i % 2}`]) } },
    },
  });
  return withHistories(pointExamples(interactions), { maxEvents: userHistory.maxEvents });
}

const first = world();
const { numUsers, numItems } = first.interactions;
/** The event `at` of the user 2. */
const row = (at: number): number => 2 * EACH + at;

function scores(model: Ranker, set: ExampleSet, rows: readonly number[], run = RUN): number[] {
  const batch = uploadBatch(makeBatch(set, rows, model.columns));
  const logits = tf.tidy(() => model.logits(batch, run).dataSync());
  batch.dispose();
  return [...logits];
}

beforeAll(async () => {
  await useBackend('auto');
});

// The model of requests has perturbations of its own.
const models = Object.entries({ ...rowModels, ...sequenceVariants }).filter(
  ([, { config }]) => config.kind !== 'hstu-ranker' && 'userHistory' in parseModelConfig({ ...config } as never),
);

it('covers the models of sequences', () => {
  expect(models.length).toBeGreaterThanOrEqual(7);
});

describe.each(models)('%s', (_, small) => {
  const settings = { embeddingStd: 0.5, features: ['genres'], userHistory: { ...userHistory, times: true } };
  const config = parseModelConfig({ ...small.config, ...settings } as never) as never;
  const model = (): Ranker =>
    makeRanker(small, settings, { numUsers, numItems, seed: 3, features: fitFields(config, first) });

  it('does not look at other rows of the batch, their order or number', () => {
    const made = model();
    const alone = scores(made, first, [row(9)]);
    const among = scores(made, first, [3, row(9), 40, 0, row(11), 71]);
    expect(among[1]).toBe(alone[0]);
    const other = scores(made, first, [row(0), 71, row(9)]);
    expect(other[2]).toBe(alone[0]);
    expect(other[1]).toBe(among[5]);
    made.dispose();
  });

  it('does not look at the label of the row, events of its second or anything later, nor further back than it reads', () => {
    const made = model();
    const at = 8;
    const [score] = scores(made, first, [row(at)]);
    // The row's item is a feature; its label and rating are not, nor are later events with theirs.
    const later = world({ from: at + 1 });
    expect(scores(made, later, [row(at)])[0]).toBe(score);
    const own = world({ from: at });
    const sameItem = { ...own.interactions, itemIds: own.interactions.itemIds.slice() };
    sameItem.itemIds[row(at)] = first.interactions.itemIds[row(at)];
    expect(scores(made, { ...own, interactions: sameItem }, [row(at)])[0]).toBe(score);
    expect(scores(made, world({ upTo: at - 6 }), [row(at)])[0]).toBe(score);
    // It does look at the newest events before it.
    expect(scores(made, world({ upTo: at - 1 }), [row(at)])[0]).not.toBe(score);
    made.dispose();
  });

  it('a history that holds the row itself is noticed', () => {
    const made = model();
    const at = 8;
    const { events, ...rest } = first;
    const late = { ...rest, events: { ...events!, offsets: events!.offsets.map((offset) => offset + 1) } };
    const [, planted] = [row(at), takeExamples(late, Int32Array.of(row(at)))];
    const own = takeExamples(
      { ...late, interactions: world({ from: at }).interactions } as ExampleSet,
      Int32Array.of(row(at)),
    );
    expect(scores(made, own, [0])[0]).not.toBe(scores(made, planted, [0])[0]);
    made.dispose();
  });

  it('scores rows without a history, alone and together, as well', () => {
    const made = model();
    const empty = [0, EACH, row(0)];
    const together = scores(made, first, empty);
    expect(together.every(Number.isFinite)).toBe(true);
    expect(scores(made, first, [row(9), row(0)])[1]).toBe(together[2]);
    const { grads, value } = tf.variableGrads(
      () => {
        const batch = uploadBatch(makeBatch(first, empty, made.columns));
        const sum = tf.sum(made.logits(batch, { ...RUN, training: true })) as tf.Scalar;
        batch.dispose();
        return sum;
      },
      [...made.variables().values()].slice(0, 1),
    );
    tf.dispose([grads, value]);
    made.dispose();
  });
});
