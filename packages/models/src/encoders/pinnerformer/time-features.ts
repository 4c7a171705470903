import type { SequenceBatch } from '@seqrec/data';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Periods of absolute time, seconds: a quarter of an hour to a year. */
export const ABSOLUTE_PERIODS: readonly number[] = [
  HOUR / 4,
  HOUR / 2,
  (3 * HOUR) / 4,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  16 * HOUR,
  DAY,
  7 * DAY,
  28 * DAY,
  365 * DAY,
];

/** Periods of time differences, seconds: 32 in geometric steps from one second to four weeks. */
export const RELATIVE_PERIODS: readonly number[] = Array.from({ length: 32 }, (_, i) => (28 * DAY) ** (i / 31));

/**
 * Columns of the encoded times: sine and cosine of every period and a logarithm, of the absolute
 * time, the age and the gap.
 */
export const pinnerformerTimeColumns = 2 * ABSOLUTE_PERIODS.length + 1 + 2 * (2 * RELATIVE_PERIODS.length + 1);

/** Cosine and sine of 0, 1, 2, 3 and 4 quarters of a turn. */
const ALONG = Float64Array.of(1, 0, -1, 0, 1);
const ACROSS = Float64Array.of(0, 1, 0, -1, 0);

/** Cosines, sines and logarithm of one kind of time; `P` periods. */
export interface TimeFeatures {
  /** `[T, P]` */
  readonly cosine: Float32Array;
  /** `[T, P]` */
  readonly sine: Float32Array;
  /** `[T]`: `ln(max(t, 1)) / ln(longest period)`, about 0 to 1. */
  readonly logarithm: Float32Array;
}

/**
 * `cos(2 pi t / p)` and `sin(2 pi t / p)` of every time and period, without phases: those are learned, and
 * `cos(a + phase)` follows from both. Angles are taken in float64, since a float32 second of today is a minute wide.
 * Logarithms, up to 21, come at the size of the other columns: as they are, each step of Adam moves their part of the
 * input twenty times as far as any other, and learning stalls.
 */
export function timeFeatures(times: Float64Array, periods: readonly number[]): TimeFeatures {
  const width = periods.length;
  const cosine = new Float32Array(times.length * width);
  const sine = new Float32Array(times.length * width);
  const unit = Math.log(Math.max(...periods));
  const logarithm = new Float32Array(times.length);
  const turn = Float64Array.from(periods, (period) => 1 / period);
  for (let t = 0, to = 0; t < times.length; t++) {
    const time = times[t];
    logarithm[t] = Math.log(Math.max(time, 1)) / unit;
    for (let i = 0; i < width; i++, to++) {
      const turns = time * turn[i];
      const fraction = turns - Math.floor(turns);
      const quarter = Math.floor(4 * fraction + 0.5);
      const x = (fraction - quarter / 4) * 2 * Math.PI;
      const z = x * x;
      // Taylor series on an eighth of a turn either way, below 5e-17 from sine and cosine: `Math.sin` and `Math.cos`
      // are calls into compiled C, slow after 256-bit kernels (docs/kernels.md). Literals, which the compiler folds.
      const s =
        x +
        x *
          z *
          (-1 / 6 +
            z *
              (1 / 120 +
                z *
                  (-1 / 5040 +
                    z *
                      (1 / 362_880 + z * (-1 / 39_916_800 + z * (1 / 6_227_020_800 + z * (-1 / 1_307_674_368_000)))))));
      const c =
        1 +
        z *
          (-1 / 2 +
            z *
              (1 / 24 +
                z *
                  (-1 / 720 +
                    z *
                      (1 / 40_320 +
                        z *
                          (-1 / 3_628_800 +
                            z * (1 / 479_001_600 + z * (-1 / 87_178_291_200 + z / 20_922_789_888_000)))))));
      cosine[to] = c * ALONG[quarter] - s * ACROSS[quarter];
      sine[to] = s * ALONG[quarter] + c * ACROSS[quarter];
    }
  }
  return { cosine, sine, logarithm };
}

/** The three times of an event that PinnerFormer sees, each `[T]`, seconds. */
export interface EventTimes {
  readonly absolute: Float64Array;
  /** `t_latest - t_i`: age, counted from the latest event of the sequence. */
  readonly age: Float64Array;
  /** `t_i - t_{i-1}`; 0 for the first event of the window. */
  readonly gap: Float64Array;
}

export function eventTimes({ offsets, timestamps }: SequenceBatch): EventTimes {
  const age = new Float64Array(timestamps.length);
  const gap = new Float64Array(timestamps.length);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const [start, end] = [offsets[b], offsets[b + 1]];
    for (let t = start; t < end; t++) {
      age[t] = timestamps[end - 1] - timestamps[t];
      gap[t] = t === start ? 0 : timestamps[t] - timestamps[t - 1];
    }
  }
  return { absolute: timestamps, age, gap };
}
