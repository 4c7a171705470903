/** One thing looked at; `leak` when it must be 0 and is not. */
export interface LeakageCheck {
  readonly name: string;
  readonly value: number;
  /** Share of `value` in what it is counted in, 0..1. */
  readonly share: number;
  /**
   * `leak`: the split lets training see what it is tested on; `warning`: a column looks as if it did; `note`:
   * legitimate, but worth knowing; `ok`: none of these.
   */
  readonly verdict: 'ok' | 'note' | 'warning' | 'leak';
  /** One sentence, with the number. */
  readonly text: string;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
