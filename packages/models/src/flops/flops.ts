/** What a training step works on. */
export interface Workload {
  /** Length of each packed sequence. */
  readonly lengths: ArrayLike<number>;
  /** `T`, the sum of the lengths. */
  readonly tokens: number;
  /** `P`, the query-key pairs that causality allows: the sum of `l (l + 1) / 2`. */
  readonly pairs: number;
  /** Rows of the item table that a step works on: all of them, padding included, where items pass through a network. */
  readonly itemRows: number;
  /** Whether the objective asks for the actions of the tokens too. */
  readonly predictsActions: boolean;
  /** Codes that are predicted after each sequence, of models that write items as codes; 0 for others. */
  readonly written: number;
}

/** The work of packed sequences of these lengths. */
export function workloadOf(
  lengths: ArrayLike<number>,
  {
    itemRows = 0,
    predictsActions = false,
    written = 0,
  }: Partial<Pick<Workload, 'itemRows' | 'predictsActions' | 'written'>> = {},
): Workload {
  let tokens = 0;
  let pairs = 0;
  for (let i = 0; i < lengths.length; i++) {
    tokens += lengths[i];
    pairs += (lengths[i] * (lengths[i] + 1)) / 2;
  }
  return { lengths, tokens, pairs, itemRows, predictsActions, written };
}

/** Floating-point operations; a multiply-add counts two. */
export interface Flops {
  readonly forward: number;
  /** The gradient of every weight and of every input. */
  readonly backward: number;
}

/** Their sum. */
export function addFlops(...parts: readonly Flops[]): Flops {
  return parts.reduce((sum, part) => ({
    forward: sum.forward + part.forward,
    backward: sum.backward + part.backward,
  }));
}

/** As often as `factor` says. */
export function timesFlops(factor: number, { forward, backward }: Flops): Flops {
  return { forward: factor * forward, backward: factor * backward };
}

/** `[T, in] x [in, out]`: `2 T in out`, and twice that for the gradients of input and weight. */
export function linearFlops(tokens: number, width: { readonly in: number; readonly out: number }): Flops {
  const forward = 2 * tokens * width.in * width.out;
  return { forward, backward: 2 * forward };
}

/**
 * Causal attention over `P` pairs with `H` heads of query width `A` and value width `C`: scores and weighted
 * sum forward (`2 P H (A + C)`); backward the scores once more, then the gradients of q, k, v and of the
 * weights (`2 P H (3 A + 2 C)`).
 */
export function attentionFlops(
  pairs: number,
  heads: { readonly count: number; readonly query: number; readonly value: number },
): Flops {
  const { count, query, value } = heads;
  return { forward: 2 * pairs * count * (query + value), backward: 2 * pairs * count * (3 * query + 2 * value) };
}
