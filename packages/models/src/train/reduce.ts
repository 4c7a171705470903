import * as tf from '@tensorflow/tfjs-core';

/**
 * Adds up the gradients of the parts of a batch in the order of a binary tree over their numbers:
 * `((g0 + g1) + (g2 + g3)) + ...`. Whoever computes aligned runs of parts by themselves (2, 4, 8, ...) and adds the
 * runs up by the same tree gets the same bits, so that they do not depend on how parts are spread over machines.
 *
 * At most `log2(parts) + 1` sums are alive at a time.
 */
export class TreeSum {
  /** Sums of finished runs, sizes falling: the binary digits of the number of parts so far. */
  readonly #runs: { readonly size: number; readonly values: tf.NamedTensorMap }[] = [];

  /** Adds the next part, or an aligned run of `size` of them, and takes its tensors over. */
  add(values: tf.NamedTensorMap, size = 1): void {
    let run = { size, values };
    for (let last = this.#runs.at(-1); last !== undefined && last.size === run.size; last = this.#runs.at(-1)) {
      this.#runs.pop();
      run = { size: 2 * run.size, values: addUp(last.values, run.values) };
    }
    this.#runs.push(run);
  }

  /** The sum of all; the caller disposes it. */
  finish(): tf.NamedTensorMap {
    let total = this.#runs.pop()?.values ?? {};
    for (let run = this.#runs.pop(); run !== undefined; run = this.#runs.pop()) total = addUp(run.values, total);
    return total;
  }

  /** Frees what has been added, after a failure. */
  dispose(): void {
    for (const { values } of this.#runs) tf.dispose(values);
    this.#runs.length = 0;
  }
}

/** `a + b` by name; a name that one of them lacks is that of the other. Takes both over. */
function addUp(a: tf.NamedTensorMap, b: tf.NamedTensorMap): tf.NamedTensorMap {
  const out: tf.NamedTensorMap = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [x, y] = [a[name], b[name]];
    if (x == null || y == null) {
      out[name] = x ?? y;
      continue;
    }
    out[name] = tf.add(x, y);
    tf.dispose([x, y]);
  }
  return out;
}
