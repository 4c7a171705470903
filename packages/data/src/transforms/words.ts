import { wordsOf as wordsOfText } from '../terms/words.ts';
import { type TextColumn, textAt } from '../text-column.ts';

interface Words {
  readonly list: true;
  readonly size: number;
  read(row: number, into: number[]): void;
  text(code: number): string;
}

const known = new WeakMap<TextColumn, Words>();

/**
 * The distinct words of each text, as codes in order of appearance in the column: `Star Wars (1977)` is `star`, `wars`,
 * `1977`.
 */
export function wordsOf(column: TextColumn): Words {
  const found = known.get(column);
  if (found !== undefined) return found;
  const codes = new Map<string, number>();
  const words: string[] = [];
  const rows = Array.from({ length: column.length }, (_, row) => {
    const distinct = new Set(wordsOfText(textAt(column, row)));
    return Int32Array.from(distinct, (word) => {
      const code = codes.get(word) ?? words.length;
      if (code === words.length) {
        codes.set(word, code);
        words.push(word);
      }
      return code;
    });
  });
  const made: Words = {
    list: true,
    size: words.length,
    read: (row, into) => {
      for (const code of rows[row]) into.push(code);
    },
    text: (code) => words[code],
  };
  known.set(column, made);
  return made;
}
