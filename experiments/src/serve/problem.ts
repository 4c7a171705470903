/** Why a request is not answered, one word a reason; each has one status code. */
const STATUS = {
  malformed: 400,
  unauthorized: 401,
  'wrong-host': 403,
  'no-route': 404,
  'unknown-user': 404,
  'no-item': 404,
  'out-of-order': 409,
  'too-large': 413,
  'too-long': 414,
  'media-type': 415,
  'bad-time': 422,
  'bad-rating': 422,
  'unknown-item': 422,
  'too-many': 422,
  busy: 429,
  internal: 500,
  stopping: 503,
  storage: 503,
} as const;

export type ProblemKind = keyof typeof STATUS;

export const problemKinds = Object.keys(STATUS) as readonly ProblemKind[];

/** Numbers and ids of a message, for programs. */
export type Facts = Readonly<Record<string, string | number>>;

/** What a client is told in place of an answer. */
export interface ProblemBody {
  readonly status: number;
  readonly error: ProblemKind;
  readonly message: string;
  readonly facts?: Facts;
}

/** A request that is refused: nothing of it was done. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly facts: Facts | undefined;
  constructor(kind: ProblemKind, message: string, facts?: Facts) {
    super(message);
    this.kind = kind;
    this.facts = facts;
  }

  get status(): number {
    return STATUS[this.kind];
  }

  get body(): ProblemBody {
    const { status, kind: error, message, facts } = this;
    return { status, error, message, ...(facts && { facts }) };
  }
}
