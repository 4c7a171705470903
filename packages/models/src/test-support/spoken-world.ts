import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, latestWindow, trainTest } from '@seqrec/data';
import { type Language, languageOf } from '../generators/language/language.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { drawnCodes } from './coded-world.ts';

const colours = ['red', 'blue', 'green', 'black'];
const kinds = ['lip balm', 'nail polish', 'hair oil'];

export interface SpokenWorld {
  readonly examples: ExampleSet;
  readonly codes: Codes;
  readonly language: Language;
}

/** Histories of items with a title and a category, random; users `0 .. users - 1` of one length. */
export function spokenWorld({ users = 8, items = 20, length = 6, sizes = [4, 5, 3], seed = 1 } = {}): SpokenWorld {
  const events = Array.from({ length: users * length }, (_, e) => e);
  const interactions = interactionsFromArrays({
    name: 'spoken',
    users: events.map((e) => Math.floor(e / length)),
    items: integers(streamKey(seed, 'spoken'), 0, events.length, 1, items),
    timestamps: events.map((e) => 1e6 + 3600 * e),
    // One word in each title is of that item alone.
    catalogue: Array.from({ length: items }, (_, i) => ({
      item: i + 1,
      title: `${colours[i % 4]} ${kinds[i % 3]} No${i}`,
      categories: ['Beauty', kinds[i % 3]],
    })),
  });
  const codes = drawnCodes(items, sizes, seed);
  const language = languageOf(interactions, codes, { minCount: 2, maxWords: 8 });
  return { examples: latestWindow(trainTest(interactions).test, { maxLength: length - 1 }), codes, language };
}
