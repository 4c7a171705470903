import { bind, type Program, uniforms } from '../program.ts';

/**
 * WGSL that the attention programs share. A workgroup of 64 threads works on one tile of 32 rows of one
 * sequence and head and walks over the tiles it needs of the other side; `[32, 32]` scores exist only in
 * registers and workgroup memory.
 *
 * Thread (tx, ty) = (lane % 8, lane / 8) holds scores of rows `4 ty .. 4 ty + 3` and columns `4 tx .. 4 tx + 3`, one
 * vec4 a row, and results of rows `4 ty .. 4 ty + 3` in columns `4 tx ..` and `32 + 4 tx ..` of a block of 64.
 * Workgroup memory: 864 vec4, below the 16 KiB that every device has.
 */
export const TILE = 32;
export const ATTENTION_THREADS = 64;
/** Columns of the result that a workgroup makes; wider heads take more workgroups, which score again. */
export const BLOCK = 64;
/** Steps between columns of a transposed chunk, in vec4: odd, so that neighbours lie in other banks. */
export const PITCH = 9;
const HALF = TILE * PITCH;

/** Uniforms that every attention program has, in order. */
export const TILE_UNIFORMS = [
  'works',
  'workBase',
  'batch',
  'heads',
  'blocks',
  'queryWidth',
  'valueWidth',
  'scale: f32',
] as const;

/**
 * `tile` holds two transposed chunks of 32 columns, or a block of 32 rows and 64 columns; `weights` a
 * `[32, 32]` matrix. Tiles are found on the device: sequence `b` owns the works from
 * `floor(offsets[b] / 32) + b`, a few of them unused.
 */
export const FIND_TILE = `
// First row of the sequence, its length, first position of the tile.
fn findTile(work: u32) -> vec3<u32> {
  var low = 0u;
  var high = u.batch;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (u32(offsets[middle]) / ${TILE}u + middle <= work) { low = middle; } else { high = middle; }
  }
  let begin = u32(offsets[low]);
  return vec3<u32>(begin, u32(offsets[low + 1u]) - begin, (work - begin / ${TILE}u - low) * ${TILE}u);
}
`;

export const TILE_GLOBALS = `
var<workgroup> tile: array<Tile, ${2 * HALF}>;
var<workgroup> weights: array<vec4<f32>, ${HALF}>;
${FIND_TILE}`;

/** Opens the body: which tile, head and block of columns this workgroup has, and which scores this thread. */
export const TILE_PROLOGUE = `
  let block = group % u.blocks;
  let head = (group / u.blocks) % u.heads;
  let work = u.workBase + group / (u.blocks * u.heads);
  if (work >= u.works) { return; }
  let found = findTile(work);
  let begin = found.x;
  let length = found.y;
  let own = found.z;
  if (own >= length) { return; }
  let tx = lane % 8u;
  let ty = lane / 8u;`;

/** Workgroups for `tokens` rows in `batch` sequences, per head and block. */
export function worksOf(tokens: number, batch: number): number {
  return Math.floor(tokens / TILE) + batch;
}

/** Loads columns `chunk ..` of the 32 rows from `first`, transposed: a vec4 holds four rows. */
function loadChunk(half: 0 | 1, buffer: string, first: string, width: string): string {
  return `
      for (var e = lane; e < ${TILE * 8}u; e += ${ATTENTION_THREADS}u) {
        let column = chunk + e % ${TILE}u;
        let row = ${first} + (e / ${TILE}u) * 4u;
        var value = vec4<f32>();
        if (column < ${width}) {
          let at = ((begin + row) * u.heads + head) * ${width} + column;
          let step = u.heads * ${width};
          if (row < length) { value.x = ${buffer}[at]; }
          if (row + 1u < length) { value.y = ${buffer}[at + step]; }
          if (row + 2u < length) { value.z = ${buffer}[at + 2u * step]; }
          if (row + 3u < length) { value.w = ${buffer}[at + 3u * step]; }
        }
        tile[${half * HALF}u + (e % ${TILE}u) * ${PITCH}u + e / ${TILE}u] = Tile(value);
      }`;
}

/** `NAME0 .. NAME3 = left right^T` of two tiles of 32 rows. Declares the variables. */
export function products(name: string, left: [string, string], right: [string, string], width: string): string {
  const rows = [0, 1, 2, 3];
  return `
    ${rows.map((r) => `var ${name}${r} = vec4<f32>();`).join(' ')}
    for (var chunk = 0u; chunk < ${width}; chunk += ${TILE}u) {
      workgroupBarrier();${loadChunk(0, ...left, width)}${loadChunk(1, ...right, width)}
      workgroupBarrier();
      let depth = min(${TILE}u, ${width} - chunk);
      for (var d = 0u; d < depth; d++) {
        let a = vec4<f32>(tile[d * ${PITCH}u + ty]);
        let b = vec4<f32>(tile[${HALF}u + d * ${PITCH}u + tx]);
        ${rows.map((r) => `${name}${r} += a.${'xyzw'[r]} * b;`).join(' ')}
      }
    }`;
}

/** Stores the thread's scores so that a vec4 of `weights` holds four rows (`'rows'`) or four columns of one row. */
export function storeWeights(name: string, together: 'rows' | 'columns'): string {
  const four = [0, 1, 2, 3];
  const stores = four.map((i) =>
    together === 'columns'
      ? `weights[(ty * 4u + ${i}u) * ${PITCH}u + tx] = ${name}${i};`
      : `weights[(tx * 4u + ${i}u) * ${PITCH}u + ty] = vec4<f32>(${four.map((r) => `${name}${r}.${'xyzw'[i]}`).join(', ')});`,
  );
  return stores.map((line) => `\n    ${line}`).join('');
}

/** Element (row, column) of weights stored with four rows together. */
export function weightAt(row: string, column: string): string {
  return `weights[(${column}) * ${PITCH}u + (${row}) / 4u][(${row}) % 4u]`;
}

/** Declares the thread's results: `NAME00 .. NAME31`, four rows of two vec4. */
export function declareResults(name: string): string {
  return [0, 1, 2, 3].map((r) => `\n  var ${name}${r}0 = vec4<f32>(); var ${name}${r}1 = vec4<f32>();`).join('');
}

/** `results += weights x`, `x` the 64 columns from `column` of the 32 rows from `first`; barriers on both sides. */
export function accumulate(name: string, buffer: string, first: string, width: string): string {
  return `
    {
    workgroupBarrier();
    for (var e = lane; e < ${TILE * (BLOCK / 4)}u; e += ${ATTENTION_THREADS}u) {
      let row = ${first} + e / ${BLOCK / 4}u;
      let column = block * ${BLOCK}u + (e % ${BLOCK / 4}u) * 4u;
      var value = vec4<f32>();
      if (row < length) {
        let at = ((begin + row) * u.heads + head) * ${width} + column;
        if (column < ${width}) { value.x = ${buffer}[at]; }
        if (column + 1u < ${width}) { value.y = ${buffer}[at + 1u]; }
        if (column + 2u < ${width}) { value.z = ${buffer}[at + 2u]; }
        if (column + 3u < ${width}) { value.w = ${buffer}[at + 3u]; }
      }
      tile[e] = Tile(value);
    }
    workgroupBarrier();
    // A bound that the compiler does not know: unrolled, the text takes seconds to compile on a CPU.
    let others = min(${TILE}u, length - ${first});
    for (var other = 0u; other < others; other++) {
      let p = weights[other * ${PITCH}u + ty];
      let x0 = vec4<f32>(tile[other * ${BLOCK / 4}u + tx]);
      let x1 = vec4<f32>(tile[other * ${BLOCK / 4}u + 8u + tx]);
      ${[0, 1, 2, 3].map((r) => `${name}${r}0 += p.${'xyzw'[r]} * x0; ${name}${r}1 += p.${'xyzw'[r]} * x1;`).join('\n      ')}
    }
    workgroupBarrier();
    }`;
}

/**
 * Writes the thread's results, each row `r` times `factor(r)`, to the rows of its own tile: through `weights`, half
 * of the rows at a time, so that neighbouring threads write neighbours and the text has one store.
 */
export function storeResults(name: string, buffer: string, width: string, factor: (row: number) => string): string {
  const pitch = BLOCK / 4;
  const rows = [0, 1, 2, 3].map(
    (r) => `
      weights[((ty % 4u) * 4u + ${r}u) * ${pitch}u + tx] = ${name}${r}0 * ${factor(r)};
      weights[((ty % 4u) * 4u + ${r}u) * ${pitch}u + 8u + tx] = ${name}${r}1 * ${factor(r)};`,
  );
  return `
  for (var part = 0u; part < 2u; part++) {
    if (ty / 4u == part) {${rows.join('')}
    }
    workgroupBarrier();
    let first = own + part * ${TILE / 2}u;
    if (block * ${BLOCK}u < ${width} && first < length) {
      let columns = min(${BLOCK}u, ${width} - block * ${BLOCK}u);
      let elements = min(${TILE / 2}u, length - first) * columns;
      for (var e = lane; e < elements; e += ${ATTENTION_THREADS}u) {
        let row = e / columns;
        let column = e % columns;
        ${buffer}[((begin + first + row) * u.heads + head) * ${width} + block * ${BLOCK}u + column] =
          weights[row * ${pitch}u + column / 4u][column % 4u];
      }
    }
    workgroupBarrier();
  }`;
}

/** Text for each of the four rows of the thread's scores. */
export function eachRow(f: (row: number) => string): string {
  return [0, 1, 2, 3].map((r) => `\n    ${f(r)}`).join('');
}

/** `seen0 .. seen3`: which of the thread's scores count; `i` and `j` are the first positions of the two tiles. */
export function visibility(masked: boolean, i: string, j: string): string {
  const columns = `
    let columns = vec4<u32>(${j} + tx * 4u) + vec4<u32>(0u, 1u, 2u, 3u);`;
  if (!masked) {
    return `${columns}${eachRow(
      (r) =>
        `let seen${r} = (columns <= vec4<u32>(${i} + ty * 4u + ${r}u)) & vec4<bool>(${i} + ty * 4u + ${r}u < length);`,
    )}`;
  }
  return `${columns}${eachRow(
    (r) => `let row${r} = ${i} + ty * 4u + ${r}u;
    let range${r} = visibleRange(begin, min(row${r}, length - 1u));
    let seen${r} = ((((columns >= vec4<u32>(range${r}.x)) | (columns < vec4<u32>(u.globalKeys))) & (columns < vec4<u32>(range${r}.y)))
      | (columns == vec4<u32>(row${r})))
      & vec4<bool>(row${r} < length);`,
  )}`;
}

/**
 * Opens the loop over the tiles of keys that the own tile of queries needs, or of queries that need the own tile of
 * keys. Tiles that a mask hides from all rows are skipped. Close it with a brace.
 */
export function forKeys(masked: boolean): string {
  if (!masked) return `\n  for (var key = 0u; key <= own; key += ${TILE}u) {`;
  return `
  let needed = tileRange(work);
  for (var key = 0u; key < length; key += ${TILE}u) {
    if (key != own && (key >= needed.y || (key + ${TILE}u <= needed.x && key >= u.globalKeys))) { continue; }`;
}

export function forQueries(masked: boolean): string {
  if (!masked) return `\n  for (var query = own; query < length; query += ${TILE}u) {`;
  return `
  for (var query = 0u; query < length; query += ${TILE}u) {
    let needed = tileRange(work + query / ${TILE}u - own / ${TILE}u);
    if (query != own && (own >= needed.y || (own + ${TILE}u <= needed.x && own >= u.globalKeys))) { continue; }`;
}

/** Ranges of visible keys, of rows and of whole tiles; both lie in `extras`. */
export function maskGlobals(masked: boolean): string {
  if (!masked) return '';
  return `
fn visibleRange(begin: u32, i: u32) -> vec2<u32> {
  let at = u.visibleAt + 2u * (begin + i);
  return vec2<u32>(extras[at], extras[at + 1u]);
}
fn tileRange(work: u32) -> vec2<u32> {
  return vec2<u32>(extras[u.rangesAt + 2u * work], extras[u.rangesAt + 2u * work + 1u]);
}
`;
}

/** Uniforms of {@link maskGlobals}. */
export const MASK_UNIFORMS = ['visibleAt', 'rangesAt', 'globalKeys'];

/** Smallest range that holds the ranges of all rows of a tile; the diagonal is apart. */
export const tileRanges: Program = {
  op: 'AttentionMask',
  key: '',
  bindings: bind('offsets: i32', 'visible: i32', 'ranges!: u32'),
  uniforms: uniforms('works', 'batch'),
  threads: ATTENTION_THREADS,
  globals: FIND_TILE,
  body: `
  let work = group * ${ATTENTION_THREADS}u + lane;
  if (work >= u.works) { return; }
  let found = findTile(work);
  var low = 0xffffffffu;
  var high = 0u;
  for (var i = found.z; i < min(found.z + ${TILE}u, found.y); i++) {
    let first = u32(visible[2u * (found.x + i)]);
    let end = u32(visible[2u * (found.x + i) + 1u]);
    if (first < end) {
      low = min(low, first);
      high = max(high, end);
    }
  }
  ranges[2u * work] = low;
  ranges[2u * work + 1u] = high;`,
};
