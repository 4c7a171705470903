import { useBackend } from '@seqrec/core';
import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadBatch } from '../../inputs.ts';
import type { Run } from '../../layers/layer.ts';
import type { TokenEncoder } from '../../model.ts';
import { createModel, type ModelConfigInput } from '../../registry.ts';
import { codeModelConfig } from '../../tasks/generation/task.ts';
import { type BatchPart, onlyPart } from '../../tasks/part.ts';
import { spokenWorld } from '../../test-support/spoken-world.ts';
import { codeDecoder } from '../code-decoder.ts';
import type { FamilyWeights } from './families.ts';
import { languageBatch } from './language-batch.ts';
import { languageDecoder, languageSentences, type SentenceSource } from './language-decoder.ts';

const { examples, codes, language } = spokenWorld();
const temperature = 0.2;
const every: FamilyWeights = { retrieve: 1, masked: 1, preferred: 1, toTitle: 1, fromTitle: 1, toAttributes: 1 };
const only = (family: keyof FamilyWeights): FamilyWeights => ({
  ...{ retrieve: 0, masked: 0, preferred: 0, toTitle: 0, fromTitle: 0, toAttributes: 0 },
  [family]: 1,
});
const sasrec: ModelConfigInput = {
  ...{ kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, ffnDim: 8 },
};
const hstu: ModelConfigInput = {
  ...{ kind: 'hstu', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, dqk: 8, dv: 8 },
};
const run = { training: false, step: 3, seed: 9 };

beforeAll(async () => {
  await useBackend('simd');
});
afterAll(() => tf.setBackend('cpu'));

function over(config: ModelConfigInput): TokenEncoder {
  return createModel(codeModelConfig(config, codes, language), { numItems: language.count, seed: 4 });
}

const sentencesOf = (weights: FamilyWeights, histories: number | 'all' = 'all') =>
  languageSentences(language, { weights, histories, users: examples.users });

/** Loss and weight of some sequences. */
function lossOf(
  model: TokenEncoder,
  sentences: SentenceSource,
  host: SequenceBatch = makeBatch(examples, [0, 1, 2, 3]),
  { part = onlyPart(host), own = run }: { readonly part?: BatchPart; readonly own?: Run } = {},
) {
  const batch = uploadBatch(host);
  const writer = languageDecoder(model, { temperature, isCached: true, language, sentences });
  const made = tf.tidy(() => {
    const { sum, weight } = writer.loss({ symbols: language.codes, batch, part, run: own });
    return { sum: sum.arraySync(), weight };
  });
  batch.dispose();
  return made;
}

describe('the loss', () => {
  it.each([
    ['sasrec', sasrec],
    ['hstu', hstu],
  ])('of %s is the cross-entropy of each answer among codes of its level, or words', (_, config) => {
    const model = over(config);
    const host = makeBatch(examples, [0, 1, 2, 3]);
    const sentences = sentencesOf(every)(host, 0, 4, run);
    const { batch } = languageBatch(sentences, language);
    const [encoded, vectors] = tf.tidy(() => [
      model.encode(uploadBatch(batch), run).arraySync(),
      model.itemVectors().arraySync(),
    ]);
    // Places in float64: which rows an answer is one of is read off the row alone.
    const ranges = [
      ...codes.sizes.map((size, l) => [language.codes.firsts[l], language.codes.firsts[l] + size]),
      [language.end, language.count + 1],
    ];
    let [expected, answered, token] = [0, 0, 0];
    for (const { sentence } of sentences) {
      for (let t = 1; t < sentence.rows.length; t++, token++) {
        if (!sentence.answers[t]) continue;
        const row = sentence.rows[t];
        const [first, past] = ranges.find(([from, to]) => row >= from && row < to)!;
        const score = (other: number): number =>
          vectors[other].reduce((dot, x, d) => dot + x * encoded[token][d], 0) / temperature;
        let all = 0;
        for (let other = first; other < past; other++) all += Math.exp(score(other));
        expected += Math.log(all) - score(row);
        answered++;
      }
    }
    const { sum, weight } = lossOf(model, sentencesOf(every));
    expect(weight).toBeCloseTo(answered / 3, 9);
    expect(sum / expected).toBeCloseTo(1, 5);
    model.dispose();
  });

  it('is of answers alone: what stands before them is read, not learned', () => {
    const model = over(sasrec);
    const source = sentencesOf(every);
    const asking =
      (isAsked: (t: number) => boolean): SentenceSource =>
      (...request) =>
        source(...request).map(({ sentence, times }) => {
          const answers = sentence.answers.map((isAnswer, t) => isAnswer && isAsked(t));
          return { sentence: { ...sentence, answers }, times };
        });
    expect(
      lossOf(
        model,
        asking(() => false),
      ),
    ).toEqual({ sum: 0, weight: 0 });
    const [whole, even, odd] = [source, asking((t) => t % 2 === 0), asking((t) => t % 2 === 1)].map((given) =>
      lossOf(model, given),
    );
    expect(even.sum).toBeGreaterThan(0);
    expect((even.sum + odd.sum) / whole.sum).toBeCloseTo(1, 5);
    expect(even.weight + odd.weight).toBeCloseTo(whole.weight, 9);
    const host = makeBatch(examples, [0, 1]);
    const sentences = source(host, 0, 2, run);
    const { asked } = languageBatch(sentences, language);
    const answered = sentences.flatMap(({ sentence }) => sentence.rows.filter((_, t) => sentence.answers[t]));
    expect(asked.flatMap(({ rows }) => [...rows]).sort()).toEqual(answered.sort());
    model.dispose();
  });

  it('of retrieval alone is that of a decoder of codes with the mark before', () => {
    const model = over(hstu);
    const host = makeBatch(examples, [0, 1, 2, 3]);
    const batch = uploadBatch(host);
    const plain = codeDecoder(model, { temperature, isCached: true, opening: language.begins.retrieve });
    const expected = tf.tidy(() => {
      const made = plain.loss({ symbols: language.codes, batch, part: onlyPart(host), run });
      return { sum: made.sum.arraySync(), weight: made.weight };
    });
    batch.dispose();
    expect(lossOf(model, sentencesOf(only('retrieve')))).toEqual(expected);
    model.dispose();
  });

  it('of parts is that of the batch, with dropout', () => {
    const model = over({ ...sasrec, inputDropout: 0.3, ffnDropout: 0.3 } as ModelConfigInput);
    const host = makeBatch(examples, [0, 1, 2, 3]);
    const own = { ...run, training: true };
    const sentences = sentencesOf({ ...every, masked: 0.5, toTitle: 1.5 });
    const whole = lossOf(model, sentences, host, { own });
    const parts = [0, 1, 2, 3].map((s) => {
      const part = { whole: host, firstSequence: s, firstToken: host.offsets[s] };
      const before = { sequences: s, tokens: host.offsets[s] };
      return lossOf(model, sentences, makeBatch(examples, [s]), { part, own: s === 0 ? own : { ...own, before } });
    });
    expect(parts.reduce((sum, each) => sum + each.sum, 0)).toBeCloseTo(whole.sum, 2);
    expect(parts.reduce((sum, each) => sum + each.weight, 0)).toBeCloseTo(whole.weight, 9);
    model.dispose();
  });

  it('is nothing, with gradients, where a part has no example', () => {
    const model = over(sasrec);
    const variables = [...model.variables().values()];
    const host = makeBatch(examples, [0]);
    const batch = uploadBatch(host);
    const writer = languageDecoder(model, { temperature, isCached: true, language, sentences: () => [] });
    const { value, grads } = tf.variableGrads(
      () => writer.loss({ symbols: language.codes, batch, part: onlyPart(host), run }).sum,
      variables,
    );
    expect(value.arraySync()).toBe(0);
    for (const { name } of variables) expect(grads[name].dataSync().every((each) => each === 0)).toBe(true);
    tf.dispose([value, grads]);
    batch.dispose();
    model.dispose();
  });

  it('of retrieval is of so many users', () => {
    const model = over(sasrec);
    const weights = [1, 3, 'all'].map((histories) => {
      const host = makeBatch(examples, [0, 1, 2, 3, 4, 5, 6, 7]);
      return lossOf(model, sentencesOf(only('retrieve'), histories as number), host).weight;
    });
    // Five items to predict of each.
    expect(weights).toEqual([5, 15, 40]);
    model.dispose();
  });
});
