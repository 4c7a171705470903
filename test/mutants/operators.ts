// Operators that Stryker does not have: constants, and the functions of TensorFlow.js in which models do their sums.

/** A node of Babel's syntax tree, as far as it is read here. */
export interface Node {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly computed?: boolean;
  readonly key?: Node;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
}

export interface NodePath {
  readonly node: Node;
  readonly parent: Node | undefined;
}

/** Stryker's interface of an operator: the nodes that may stand in the place of this one. */
export interface Operator {
  readonly name: string;
  mutate(path: NodePath, context: unknown): Iterable<Node>;
}

export type CloneNode = <N extends Node>(node: N) => N;

const pairs: readonly (readonly [string, string])[] = [
  ['add', 'sub'],
  ['mul', 'div'],
  ['sum', 'mean'],
  ['max', 'min'],
  ['maximum', 'minimum'],
  ['sqrt', 'square'],
  ['sin', 'cos'],
  ['exp', 'abs'],
  ['neg', 'abs'],
  ['zeros', 'ones'],
  ['zerosLike', 'onesLike'],
  ['less', 'lessEqual'],
  ['greater', 'greaterEqual'],
  ['logicalAnd', 'logicalOr'],
  ['softplus', 'relu'],
  ['tanh', 'sigmoid'],
];
const other = new Map<string, string>([...pairs.map(([a, b]) => [b, a] as const), ...pairs]);
/** Methods of tensors whose names collections and strings have as well, or that Stryker swaps already. */
const notMethods = new Set(['add', 'max', 'min', 'abs', 'exp', 'sin', 'cos', 'sqrt']);

/** A whole number is one larger, a fraction twice as large, a tiny one a thousand times. */
export function otherNumber(value: number): number {
  if (Number.isInteger(value)) return value + 1;
  return Math.abs(value) < 1e-3 ? 1000 * value : 2 * value;
}

export function ownOperators(clone: CloneNode): readonly Operator[] {
  return [
    {
      name: 'Constant',
      *mutate({ node, parent }) {
        if (node.type !== 'NumericLiteral' || typeof node.value !== 'number') return;
        // `{ 1: x }` names a property.
        if (parent?.key === node) return;
        yield { ...clone(node), value: otherNumber(node.value), extra: undefined } as Node;
      },
    },
    {
      name: 'TensorOperator',
      *mutate({ node }) {
        if (node.type !== 'CallExpression' || node.callee?.type !== 'MemberExpression' || node.callee.computed) return;
        const { object, property } = node.callee;
        const swapped = other.get(property?.name ?? '');
        const ofLibrary = object?.type === 'Identifier' && object.name === 'tf';
        if (swapped === undefined || (!ofLibrary && notMethods.has(property?.name ?? ''))) return;
        // `tf.max` and `Math.max` are Stryker's own.
        if (swapped === 'max' || swapped === 'min') return;
        const copy = clone(node);
        yield { ...copy, callee: { ...copy.callee, property: { ...copy.callee?.property, name: swapped } } } as Node;
      },
    },
  ];
}

/** Wraps an operator so that it keeps about `share` of its mutants, the same ones for the same seed. */
export function thinned(operator: Operator, share: number, seed: number): Operator {
  let count = 0;
  return {
    ...operator,
    *mutate(path, context) {
      for (const node of operator.mutate(path, context)) {
        if (uniform(`${seed}/${operator.name}/${count++}`) < share) yield node;
      }
    },
  };
}

/** A number in [0, 1) from a text (FNV-1a with a finaliser). */
function uniform(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
