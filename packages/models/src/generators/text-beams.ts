import { EvaluationError } from '../errors.ts';
import { BestFew } from './best-few.ts';
import type { CodeReader } from './generator.ts';
import { logSumExp, readLogits } from './logits.ts';

export interface TextBeamOptions {
  /** Texts that are kept of each history after each token. */
  readonly width: number;
  /** Tokens of the longest text, its end among them. */
  readonly maxTokens: number;
  /** The token that ends a text. */
  readonly end: number;
  /** What of its length a text is divided by: 0 prefers short texts, 1 compares means of tokens. Default 1. */
  readonly lengthPenalty?: number;
}

/** A text, best first among those of its history. */
export interface WrittenText {
  /** Its end is among them, unless it was cut at `maxTokens`. */
  readonly tokens: readonly number[];
  /** `sum_t log p(w_t | history, w_<t) / n^lengthPenalty`, `n` tokens, the end among them. */
  readonly score: number;
}

/** A text that is still written. */
interface Open {
  readonly tokens: readonly number[];
  /** Sum of log-probabilities. */
  readonly sum: number;
  /** Its row of the newest step. */
  readonly row: number;
}

/**
 * Beam search over texts of different lengths: of each history at most `width`, best first.
 *
 * ```
 * score(w_1..w_n) = (1 / n^lengthPenalty) sum_t log softmax(logits_t)[w_t]
 * ```
 *
 * After each token the `width` likeliest texts without an end go on. A text with an end is taken where it is among the
 * `width` likeliest of its step; a history is done when no open text, were it to end now, beats the worst of `width`
 * that were taken. With a penalty above 0 a longer text might have: this is the rule of transformers
 * (`early_stopping=False`), whose lists and scores these are. Logits are float32, sums float64.
 *
 * @param reader says the same tokens at every step. @throws EvaluationError for a width or a length below 1, and for a
 *   logit that is NaN.
 */
export async function textBeams(
  reader: CodeReader,
  histories: number,
  { width, maxTokens, end, lengthPenalty = 1 }: TextBeamOptions,
): Promise<WrittenText[][]> {
  for (const [key, value] of Object.entries({ width, maxTokens })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new EvaluationError(`textBeams: ${key}: expected a whole number, at least 1; got ${value}`);
  }
  const taken: WrittenText[][] = Array.from({ length: histories }, () => []);
  let open: (readonly Open[])[] = Array.from({ length: histories }, (_, row) => [{ tokens: [], sum: 0, row }]);
  let asked = reader.first();
  for (let length = 1; ; length++) {
    const divisor = length ** lengthPenalty;
    const size = asked.shape[1];
    const logits = await readLogits(asked);
    open = open.map((texts, history) => {
      if (texts.length === 0) return texts;
      const longer = likeliest(texts, logits, { size, count: 2 * width, history });
      for (const [rank, { tokens, sum }] of longer.entries())
        if (rank < width && (tokens.at(-1) === end || length === maxTokens))
          taken[history].push({ tokens, score: sum / divisor });
      // Of equal scores the earlier stays before the later.
      taken[history].sort((a, b) => b.score - a.score).splice(width);
      const going = longer.filter(({ tokens }) => tokens.at(-1) !== end).slice(0, width);
      const isDone = taken[history].length === width && !(going[0]?.sum / divisor > taken[history][width - 1].score);
      return isDone ? [] : going;
    });
    const going = open.flat();
    if (length === maxTokens || going.length === 0) return taken;
    asked = reader.next(
      Int32Array.from(going, ({ row }) => row),
      Int32Array.from(going, ({ tokens }) => tokens[tokens.length - 1]),
    );
    let row = 0;
    open = open.map((texts) => texts.map((text) => ({ ...text, row: row++ })));
  }
}

/** The likeliest texts that are one token longer; of equal ones that of the earlier text, then of the lower token. */
function likeliest(
  texts: readonly Open[],
  logits: Float32Array,
  { size, count, history }: { readonly size: number; readonly count: number; readonly history: number },
): readonly Open[] {
  const best = new BestFew<Open>(count);
  for (const { row, sum, tokens } of texts) {
    const total = logSumExp(logits, row * size, (row + 1) * size);
    if (Number.isNaN(total))
      throw new EvaluationError(
        `textBeams: expected logits that are numbers; got NaN at token ${tokens.length + 1} after history ${history}; train with a smaller rate, or take an earlier checkpoint`,
      );
    for (let token = 0; token < size; token++) {
      const longer = sum + logits[row * size + token] - total;
      if (best.takes(longer)) best.add(longer, { row, tokens: [...tokens, token], sum: longer });
    }
  }
  return best.all;
}
