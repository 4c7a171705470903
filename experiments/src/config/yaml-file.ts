import { readFileSync } from 'node:fs';
import { type Document, isMap, LineCounter, type Pair, parseDocument, type Scalar } from 'yaml';
import { ConfigError } from '../errors.ts';

/** A user's YAML file: its value, and where in the file each key stands. */
export interface YamlFile {
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Whether the file says something at a path. */
  has(path: readonly (string | number)[]): boolean;
  /** `file:line:column` of the key or value at a path, or of its nearest parent. */
  locate(path: readonly (string | number)[], unknownKey: boolean): string;
}

/** Reads a YAML mapping; syntax errors carry file, line and column. */
export function readYamlFile(file: string): YamlFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(`${file}: expected a YAML configuration file; it is missing or cannot be read`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0)
    throw new ConfigError(document.errors.map((error) => `${position(error.pos[0])}: ${error.message}`).join('\n'));
  const value: unknown = document.toJS();
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigError(`${position(0)}: expected a mapping of keys at the top level`);
  return {
    file,
    value: value as Record<string, unknown>,
    has: (path) => document.hasIn(path),
    locate: (path, unknownKey) => position(offsetOf(document, path, unknownKey)),
  };
}

function offsetOf(document: Document, path: readonly (string | number)[], unknownKey: boolean): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find((item) => String((item.key as Scalar).value) === String(path[depth - 1])) as
      | Pair
      | undefined;
    if (!pair) continue;
    const node = (unknownKey || depth < path.length ? pair.key : (pair.value ?? pair.key)) as Scalar;
    return node.range?.[0] ?? 0;
  }
  return 0;
}
