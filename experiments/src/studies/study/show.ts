import { relative } from 'node:path';
import { saveResult } from '../../results/saved.ts';
import { type Listing, renderListing } from '../../terminal/listing.ts';
import type { StudyDir } from './study.ts';

/** Prints what a study says and where its page is; keeps it in a folder of results where that is asked for. */
export function showStudy(dir: StudyDir, listing: Listing, save: string | undefined, kind = 'scale'): void {
  console.log(renderListing(listing));
  if (save !== undefined) console.error(`saved: ${saveResult(save, kind, listing)}`);
  console.log(`\nreport: ${relative(process.cwd(), dir.report)}`);
}
