import { streamKey, UnsupportedError, uniform01 } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { createScorer, type ScorerOptions } from '../serve/create-scorer.ts';
import { joinFloats } from '../serve/join-floats.ts';
import type { Append, IncrementalCapabilities, Question, Scorer, ScorerStats } from '../serve/scorer.ts';
import { userEvent } from '../serve/user-event.ts';
import { evaluateVectors } from './evaluate.ts';
import type { EvaluateOptions } from './evaluation-blocks.ts';
import type { Evaluation } from './protocol.ts';

export interface EvaluateCachedOptions extends EvaluateOptions {
  readonly scorer?: ScorerOptions;
  /** Share of the users who are asked about between their events as well; default a half. */
  readonly askedUsers?: number;
}

/** Of a user who is asked about between events: share of the events after which that happens. */
const ASKED_EVENTS = 0.25;

export interface CachedEvaluation extends Evaluation {
  /** Events that were appended, and questions between them. */
  readonly appended: number;
  readonly asked: number;
  /** Of the scorer, over all users. */
  readonly stats: ScorerStats;
  readonly exact: IncrementalCapabilities['exact'];
}

/**
 * `evaluate` by the vectors of a scorer: the events of each history are appended one after the other, some users are
 * asked about in between, at a moment before their next event, and the vector at the time of the query is ranked. Every
 * rank has to be that of `evaluate`, where the scorer has the bits of full passes (`exact`).
 *
 * @throws UnsupportedError for a model whose state cannot grow, as `createScorer`; for `positions: 'all'`; else as
 *   `evaluate`.
 */
export async function evaluateCached(options: EvaluateCachedOptions): Promise<CachedEvaluation> {
  const { model, positions = 'last', askedUsers = 0.5 } = options;
  if (positions !== 'last') {
    throw new UnsupportedError(
      `evaluateCached: expected positions 'last', one query a history; got '${positions}'; set evaluation.positions to last (--evaluation.positions last)`,
    );
  }
  const scorer = createScorer(model, options.scorer);
  const counts = { appended: 0, asked: 0 };
  let block = 0;
  try {
    const evaluation = await evaluateVectors(
      options,
      (batch) => vectorsOf(scorer, batch, { askedUsers, block: block++, counts }),
      'the history, encoded event by event from cached keys and values,',
    );
    return { ...evaluation, ...counts, stats: scorer.stats(), exact: scorer.capabilities.exact };
  } finally {
    scorer.dispose();
  }
}

interface Course {
  readonly askedUsers: number;
  /** Number of the batch, for the draws of who is asked about and when. */
  readonly block: number;
  readonly counts: { appended: number; asked: number };
}

/** Appends the first event of every history, then the second, and so on; a vector of each at its last target's time. */
async function vectorsOf(scorer: Scorer, batch: SequenceBatch, course: Course): Promise<tf.Tensor2D> {
  const { offsets, itemIds, timestamps, targetTimestamps, ratings } = batch;
  const users = Array.from({ length: offsets.length - 1 }, (_, b) => String(b));
  const lengths = users.map((_, b) => offsets[b + 1] - offsets[b]);
  const key = streamKey(0, 'questions between events');
  const who = uniform01(key, course.block, users.length);
  const draws = uniform01(key, course.block, 2 * itemIds.length, users.length);
  for (let i = 0; i < Math.max(...lengths); i++) {
    const appends: Append[] = [];
    const questions: Question[] = [];
    for (const [b, user] of users.entries()) {
      if (i >= lengths[b]) continue;
      const t = offsets[b] + i;
      appends.push({ user, events: [userEvent(itemIds[t], timestamps[t], ratings?.[t])] });
      if (i + 1 === lengths[b] || who[b] >= course.askedUsers || draws[2 * t] >= ASKED_EVENTS) continue;
      // Another moment than that of the next event, which is known once that event is there.
      const wait = Math.floor(draws[2 * t + 1] * (timestamps[t + 1] - timestamps[t]));
      questions.push({ user, at: timestamps[t] + wait });
    }
    await scorer.append(...appends);
    if (questions.length > 0) await scorer.encode(...questions);
    course.counts.appended += appends.length;
    course.counts.asked += questions.length;
  }
  const vectors = await scorer.encode(...users.map((user, b) => ({ user, at: targetTimestamps[offsets[b + 1] - 1] })));
  for (const user of users) await scorer.drop(user);
  const width = vectors[0].length;
  return tf.tensor2d(joinFloats(vectors), [users.length, width]);
}
