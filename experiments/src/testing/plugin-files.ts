import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of a plug-in and what stands around it, by their paths in a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A plug-in that defines a metric. */
export const metricPlugin = (name: string): string =>
  `import { defineMetric } from '@seqrec/models';\ndefineMetric({ name: '${name}', definition: 'mean of 1/rank^2', gain: (rank) => rank ** -2 });\n`;
