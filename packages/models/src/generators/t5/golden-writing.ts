import { tensorOf } from '../../golden/file.ts';
import { relativeError } from '../../golden/relative-error.ts';
import { CodeTrie } from '../../semantic-ids/codes/trie.ts';
import { constrainedBeams } from '../beams.ts';
import type { CodeSymbols } from '../code-symbols.ts';
import { textBeams } from '../text-beams.ts';
import type { T5Golden } from './golden-file.ts';
import type { Sequences, T5Net } from './net.ts';
import { t5Reader } from './reader.ts';

/** Every token may stand at every level: the rows of all are asked for. */
function anyToken(vocab: number, levels: number): CodeSymbols {
  const each = <T>(value: T): T[] => new Array<T>(levels).fill(value);
  return { numItems: 0, levels, sizes: each(vocab), firsts: each(0), count: vocab - 1, ofItems: new Int32Array(0) };
}

/** Errors of what is written after histories, from kept keys. */
export async function writtenOf(net: T5Net, history: Sequences, file: T5Golden): Promise<Record<string, number>> {
  return {
    ...(await greedy(net, history, file)),
    ...(await untilTheEnd(net, history, file)),
    ...(await ofOneLength(net, history, file)),
  };
}

/** The likeliest token each time; after the end token padding. */
async function greedy(net: T5Net, history: Sequences, { config, outputs }: T5Golden): Promise<Record<string, number>> {
  const { vocab, newTokens, eos } = config;
  const count = history.offsets.length - 1;
  const reader = t5Reader(net, history, anyToken(vocab, newTokens));
  const sequences = Array.from({ length: count }, () => [0]);
  const found = new Float32Array(count * newTokens * vocab);
  const all = Int32Array.from({ length: count }, (_, b) => b);
  try {
    for (let step = 0; step < newTokens; step++) {
      const codes = Int32Array.from(sequences, (sequence) => sequence[step]);
      const logits = step === 0 ? reader.first() : reader.next(all, codes);
      const values = await logits.data();
      logits.dispose();
      for (const [b, sequence] of sequences.entries()) {
        const own = values.subarray(b * vocab, (b + 1) * vocab);
        found.set(own, (b * newTokens + step) * vocab);
        sequence.push(sequence.includes(eos) ? 0 : own.indexOf(Math.max(...own)));
      }
    }
  } finally {
    reader.dispose();
  }
  return {
    greedySequences: relativeError(sequences.flat(), tensorOf(outputs, 'greedySequences').data),
    greedyLogits: relativeError(found, tensorOf(outputs, 'greedyLogits').data),
  };
}

/** Beams of texts that end, with two penalties of their length. */
async function untilTheEnd(
  net: T5Net,
  history: Sequences,
  { config, outputs }: T5Golden,
): Promise<Record<string, number>> {
  const { vocab, newTokens: maxTokens, eos: end, beams: width } = config;
  const count = history.offsets.length - 1;
  const errors: Record<string, number> = {};
  for (const lengthPenalty of [0, 1]) {
    const reader = t5Reader(net, history, anyToken(vocab, maxTokens));
    try {
      const lists = await textBeams(reader, count, { width, maxTokens, end, lengthPenalty });
      const texts = lists.flat();
      // The library pads with the end token where padding is token 0.
      const padded = texts.flatMap(({ tokens }) => [0, ...tokens, ...new Array(maxTokens - tokens.length).fill(end)]);
      const name = `beamPenalty${lengthPenalty}`;
      errors[`${name}Sequences`] = relativeError(padded, tensorOf(outputs, `${name}Sequences`).data);
      errors[`${name}Scores`] = relativeError(
        texts.map(({ score }) => score),
        tensorOf(outputs, `${name}Scores`).data,
      );
    } finally {
      reader.dispose();
    }
  }
  return errors;
}

/** Beams of so many tokens without the end token, from the free model. */
async function ofOneLength(
  net: T5Net,
  history: Sequences,
  { config, outputs }: T5Golden,
): Promise<Record<string, number>> {
  const { vocab, eos, beams: width } = config;
  const expected = tensorOf(outputs, 'fixedLengthSequences');
  const levels = expected.shape[1] - 1;
  const tokens = Array.from({ length: vocab }, (_, token) => token).filter((token) => token !== eos);
  const count = tokens.length ** levels;
  const values = Int32Array.from(
    { length: count * levels },
    (_, i) => tokens[Math.floor(Math.floor(i / levels) / tokens.length ** (i % levels)) % tokens.length],
  );
  const trie = new CodeTrie({ count, sizes: new Array<number>(levels).fill(vocab), values });
  const reader = t5Reader(net, history, anyToken(vocab, levels));
  try {
    const { lists } = await constrainedBeams(reader, history.offsets.length - 1, { trie, width, mask: 'after' });
    const rows = lists.flatMap((list) => [...list.rows]);
    const sequences = rows.flatMap((row) => [0, ...values.subarray(row * levels, (row + 1) * levels)]);
    const scores = lists.flatMap((list) => [...list.scores]);
    return {
      fixedLengthSequences: relativeError(sequences, expected.data),
      fixedLengthScores: relativeError(scores, tensorOf(outputs, 'fixedLengthScores').data),
    };
  } finally {
    reader.dispose();
  }
}
