import { renderSentences } from './table.ts';

/** Each as a sentence after an empty line. */
export function printWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) console.log(`\n${renderSentences([`${warning}.`], '')}`);
}
