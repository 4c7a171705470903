/**
 * Sum of arrays of one length, element by element, in the order of a binary tree over their numbers:
 * `((x0 + x1) + (x2 + x3)) + ...` in float32. Whoever has nothing to add sends an
 * array of length zero, which is left out.
 *
 * It is the order in which the parts of a batch are added up in one process: aligned runs of 1, 2, 4, ... parts,
 * each added up by the same tree, give the same bits, so that they do not depend on how parts lie on ranks.
 *
 * @returns the first array that was there, overwritten; an empty one when none was.
 */
export function treeSum(pieces: readonly Float32Array[]): Float32Array {
  const runs: { size: number; values: Float32Array }[] = [];
  for (const values of pieces) {
    let run = { size: 1, values };
    for (let last = runs.at(-1); last !== undefined && last.size === run.size; last = runs.at(-1)) {
      runs.pop();
      run = { size: 2 * run.size, values: addInPlace(last.values, run.values) };
    }
    runs.push(run);
  }
  let total = runs.pop()?.values ?? new Float32Array(0);
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) total = addInPlace(run.values, total);
  return total;
}

function addInPlace(a: Float32Array, b: Float32Array): Float32Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  for (let i = 0; i < a.length; i++) a[i] += b[i];
  return a;
}
