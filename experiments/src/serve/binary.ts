import { Problem } from './problem.ts';

const WORD = 4;

/**
 * Candidates of a binary body: their number as `u32`, then as many dense item ids as `i32`, little-endian.
 *
 * @throws Problem `malformed` when the length is another; `unknown-item` for an id outside `1..numItems`.
 */
export function readCandidates(body: Uint8Array, numItems: number): Int32Array {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const count = body.byteLength < WORD ? undefined : view.getUint32(0, true);
  if (count === undefined || body.byteLength !== WORD * (count + 1)) {
    const expected = count === undefined ? 'at least 4' : `${WORD * (count + 1)}, for ${count} ids,`;
    throw new Problem('malformed', `body: expected ${expected} bytes; got ${body.byteLength}`);
  }
  const ids = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const item = view.getInt32(WORD * (i + 1), true);
    if (item < 1 || item > numItems) {
      throw new Problem('unknown-item', `candidates.${i}: expected a dense id in 1..${numItems}; got ${item}`, {
        item,
      });
    }
    ids[i] = item;
  }
  return ids;
}

/** Scores as `float32`, little-endian. */
export function writeScores(scores: Float32Array): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(WORD * scores.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [i, score] of scores.entries()) view.setFloat32(WORD * i, score, true);
  return bytes;
}
