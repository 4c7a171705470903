import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EmbedTokens, type EmbedTokensAttrs, EmbedTokensGrad } from '../../kernel-names.ts';
import { float } from '../arguments.ts';
import type { SimdBackend } from '../backend.ts';
import { KERNEL, SCRATCH_BYTES } from '../kernels.ts';
import { keepBits } from './dropout-bits.ts';
import { dropoutGrad, dropoutSlots } from './random.ts';
import { checkIds, segmentSum } from './rows.ts';
import { CHUNK, override, sizeOf } from './support.ts';
import type { Inputs } from './types.ts';

/** Rows whose dropout factors a task makes at a time: `ROWS` of `assembly/embed-tokens.ts`. */
const ROWS = 32;

/** Whole `ROWS`, about as many elements as any task. */
const rowsOfTask = (width: number): number => ROWS * Math.max(1, Math.floor(CHUNK / (ROWS * width)));

const fits = (width: number): boolean => width > 0 && (ROWS + 1) * width * 4 + 1024 <= SCRATCH_BYTES;

function forward(inputs: Inputs, backend: SimdBackend, attrs: EmbedTokensAttrs): TensorInfo | undefined {
  const { table, ids, places, positions } = inputs;
  const [rows, width] = [sizeOf(ids), table.shape[1]];
  if (!fits(width)) return undefined;
  const placed = sizeOf(places) > 0;
  checkIds(backend, 'embedTokens', table, ids);
  if (placed) checkIds(backend, 'embedTokens, places', places, positions);
  const [items, at] = [table, ids].map((info) => backend.address(info));
  const [others, placesAt] = placed ? [places, positions].map((info) => backend.address(info)) : [0, 0];
  const y = backend.output([rows, width]);
  const perTask = rowsOfTask(width);
  backend.pool.run(KERNEL.embedTokens, Math.ceil(rows / perTask), {
    TABLE: items,
    IDS: at,
    PLACES: others,
    POSITIONS: placesAt,
    ROWS: rows,
    D: width,
    DROPOUT: attrs.rate > 0 ? 1 : 0,
    ...dropoutSlots(attrs),
    BITS: keepBits(backend, y.info, rows * width, attrs),
    Y: y.address,
    PER_TASK: perTask,
    SCALE: float(attrs.scale),
  });
  return y.info;
}

function backward(inputs: Inputs, backend: SimdBackend, attrs: EmbedTokensAttrs): TensorInfo[] {
  const { table, ids, places, positions, y, dy } = inputs;
  const dx = attrs.rate > 0 ? dropoutGrad(backend, y, dy, attrs) : dy;
  const dTable = segmentSum(backend, dx, ids, table.shape[0], attrs.scale);
  const dPlaces = sizeOf(places) > 0 ? segmentSum(backend, dx, positions, places.shape[0]) : backend.output([0]).info;
  if (dx !== dy) backend.disposeIntermediateTensorInfo(dx);
  return [dTable, dPlaces];
}

export function registerEmbedTokens(name: string): void {
  override(name, EmbedTokens, (inputs, backend, attrs) =>
    forward(inputs, backend, attrs as unknown as EmbedTokensAttrs),
  );
  override(name, EmbedTokensGrad, (inputs, backend, attrs) =>
    backward(inputs, backend, attrs as unknown as EmbedTokensAttrs),
  );
}
