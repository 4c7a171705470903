import type { EncodedColumn, FittedTransform } from '@seqrec/data';

/** A feature that knows the training set. */
export interface FittedFeature {
  /** In weights and messages: the column, or two with ` x ` between them. */
  readonly name: string;
  /** `history`: of the events of histories, and not of the event that is judged. */
  readonly table: 'events' | 'users' | 'items' | 'history';
  readonly transform: FittedTransform;
}

/** What the features of a model know of the data. */
export interface FittedFeatures {
  readonly features: readonly FittedFeature[];
  /** Of each feature of items, by name: a row an item id, row 0 without a value. */
  readonly items: ReadonlyMap<string, EncodedColumn>;
  /** 1 for each item id with a training event, shape `[numItems + 1]`: the others have features alone. */
  readonly trained: Uint8Array;
  /** The same of users, for models that look users up by number; absent: they read what a batch carries. */
  readonly users?: FittedUsers;
}

/** What the features of a model know of the users; row `u` is the user with number `u`. */
export interface FittedUsers {
  readonly columns: ReadonlyMap<string, EncodedColumn>;
  /** 1 for each user with a training example, shape `[numUsers]`. */
  readonly trained: Uint8Array;
}
