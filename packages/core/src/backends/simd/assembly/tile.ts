// A tile of up to 6 x 16 of a product, by the micro-kernels that suit this variant: C = init + A B, where init is a
// block (C itself, a residual), one row for all (stride 0: a bias), or ZEROS.
// B lies in panels of eight columns `bPanel` bytes apart, the rows of a panel `bStep` bytes
// apart; whole panels are read.
import { copyFloats } from './env';
import { narrowColumns, narrowRows, ZEROS } from './micro';
import { wide, wideColumns, wideRows } from './micro-wide';

/** Bytes of the buffer for a tile that does not fit C whole: six rows of sixteen. */
export const TILE_BYTES: usize = 512;
const TILE_STRIDE: usize = 64;

/** A is six rows `aStride` bytes apart, contiguous in k; all six are read, `rows` of them stored. */
export function tileRows(
  k: i32, a: usize, aStride: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, columns: i32, buffer: usize,
): void {
  if (rows == 6 && columns == 16) {
    if (wide) {
      wideRows(k, a, aStride, b, bPanel, bStep, init, initStride, c, cStride);
    } else {
      narrowRows(k, a, aStride, b, bStep, init, initStride, c, cStride);
      narrowRows(k, a, aStride, b + bPanel, bStep, init + 32, initStride, c + 32, cStride);
    }
    return;
  }
  if (wide && columns > 8) {
    wideRows(k, a, aStride, b, bPanel, bStep, ZEROS, 0, buffer, TILE_STRIDE);
  } else {
    narrowRows(k, a, aStride, b, bStep, ZEROS, 0, buffer, TILE_STRIDE);
    if (columns > 8) narrowRows(k, a, aStride, b + bPanel, bStep, ZEROS, 0, buffer + 32, TILE_STRIDE);
  }
  storePart(buffer, init, initStride, c, cStride, rows, columns);
}

/**
 * `tileRows` whose sums start from `init` in tiles that are stored in part as well: a row has the same bits whichever
 * rows it lies with. Six rows of `init` are read, of whole panels.
 */
export function tileRowsFrom(
  k: i32, a: usize, aStride: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, columns: i32, buffer: usize,
): void {
  if (rows == 6 && columns == 16) {
    tileRows(k, a, aStride, b, bPanel, bStep, init, initStride, c, cStride, rows, columns, buffer);
    return;
  }
  if (wide && columns > 8) {
    wideRows(k, a, aStride, b, bPanel, bStep, init, initStride, buffer, TILE_STRIDE);
  } else {
    narrowRows(k, a, aStride, b, bStep, init, initStride, buffer, TILE_STRIDE);
    if (columns > 8) narrowRows(k, a, aStride, b + bPanel, bStep, init + 32, initStride, buffer + 32, TILE_STRIDE);
  }
  for (let i: usize = 0; i < <usize>rows; i++) {
    copyFloats(c + i * cStride, buffer + i * TILE_STRIDE, <usize>columns << 2);
  }
}

/** A is six adjacent floats per k, `aStep` bytes apart; all six are read, `rows` of them stored. */
export function tileColumns(
  k: i32, a: usize, aStep: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, columns: i32, buffer: usize,
): void {
  if (rows == 6 && columns == 16) {
    if (wide) {
      wideColumns(k, a, aStep, b, bPanel, bStep, init, initStride, c, cStride);
    } else {
      narrowColumns(k, a, aStep, b, bStep, init, initStride, c, cStride);
      narrowColumns(k, a, aStep, b + bPanel, bStep, init + 32, initStride, c + 32, cStride);
    }
    return;
  }
  if (wide && columns > 8) {
    wideColumns(k, a, aStep, b, bPanel, bStep, ZEROS, 0, buffer, TILE_STRIDE);
  } else {
    narrowColumns(k, a, aStep, b, bStep, ZEROS, 0, buffer, TILE_STRIDE);
    if (columns > 8) narrowColumns(k, a, aStep, b + bPanel, bStep, ZEROS, 0, buffer + 32, TILE_STRIDE);
  }
  storePart(buffer, init, initStride, c, cStride, rows, columns);
}

/**
 * `tileColumns` of fewer than six rows of sixteen columns, starting from init as six rows do: a row then has the bits
 * that it has among others.
 */
export function fewColumns(
  k: i32, a: usize, aStep: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, buffer: usize,
): void {
  moveRows(init, initStride, buffer, TILE_STRIDE, rows);
  tileColumns(k, a, aStep, b, bPanel, bStep, buffer, TILE_STRIDE, buffer, TILE_STRIDE, 6, 16, buffer);
  moveRows(buffer, TILE_STRIDE, c, cStride, rows);
}

function moveRows(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < 64; j += 16) v128.store(to + j, v128.load(from + j));
    from += fromStride;
    to += toStride;
  }
}

// C = init + the buffer's `rows x columns`.
function storePart(
  buffer: usize, init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, columns: i32,
): void {
  const bytes = <usize>columns << 2, fours = bytes & ~15;
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j < fours; j += 16) v128.store(c + j, f32x4.add(v128.load(init + j), v128.load(buffer + j)));
    for (; j < bytes; j += 4) store<f32>(c + j, load<f32>(init + j) + load<f32>(buffer + j));
    buffer += TILE_STRIDE;
    init += initStride;
    c += cStride;
  }
}
