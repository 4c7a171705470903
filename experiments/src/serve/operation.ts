import type { TopList, UserEvent } from '@seqrec/models';

/** What a shard is asked to do; items are dense. */
export type Operation =
  | {
      readonly kind: 'append';
      readonly user: string;
      readonly events: readonly UserEvent[];
      /** Whether the user has events before these; they are refused where the shard has none. */
      readonly known?: boolean;
    }
  | { readonly kind: 'score'; readonly user: string; readonly at: number; readonly candidates: Int32Array }
  | {
      readonly kind: 'top';
      readonly user: string;
      readonly at: number;
      readonly k: number;
      readonly exclude: 'seen' | 'none' | Int32Array;
    }
  | { readonly kind: 'similar'; readonly item: number; readonly k: number }
  | { readonly kind: 'drop'; readonly user: string };

/** What each kind of operation gives. */
export interface Results {
  readonly append: undefined;
  readonly score: Float32Array;
  readonly top: TopList;
  readonly similar: TopList;
  readonly drop: undefined;
}

export type ResultOf<O extends Operation> = Results[O['kind']];

/** The result of an operation, or why there is none. */
export type Outcome = { readonly value: Results[keyof Results] } | { readonly error: string };

export type Append = Extract<Operation, { kind: 'append' }>;
export type Drop = Extract<Operation, { kind: 'drop' }>;
export type Read = Exclude<Operation, Append | Drop>;
