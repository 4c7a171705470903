import { createHash } from 'node:crypto';

/**
 * What the folder of a table or a cell is called, by their names: signs become hyphens. Where there are others than the
 * usual ones, as in `my.shop` or in another script, a digest tells it from what is called alike.
 */
export function folderName(name: string): string {
  const plain = name.replaceAll(/[^\w-]+/g, '-');
  if (/^[\w\-, +]*$/.test(name)) return plain;
  return `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
