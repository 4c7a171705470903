/** The largest of each kind of quantity. */
export interface GoldenMaxima {
  readonly outputs: number;
  readonly loss: number;
  readonly gradients: number;
}

/** Errors against a golden file, each relative to the largest magnitude of the expected tensor. */
export interface GoldenReport {
  readonly name: string;
  /** Of what the module gives, rows inside the sequences. */
  readonly outputs: number;
  readonly loss: number;
  /** By parameter; `x` is the input of a module. */
  readonly gradients: Readonly<Record<string, number>>;
  readonly maxima: GoldenMaxima;
  /** What float32 may be off by. */
  readonly tolerance: GoldenMaxima;
}
