import { element } from './dom.ts';

/** What shows items whose codes begin alike. */
export type ShowPrefix = (prefix: readonly number[]) => void;

/** A button a code, which shows what shares it and those before it; nothing for an item without codes. */
export function codeMarks(codes: readonly number[], onPrefix: ShowPrefix): HTMLElement | undefined {
  if (codes.length === 0) return undefined;
  const marks = codes.map((code, level) => {
    const prefix = codes.slice(0, level + 1);
    const title = `Titles whose codes begin with ${prefix.join('.')}`;
    const mark = element('button', { type: 'button', className: 'code', title }, String(code));
    mark.setAttribute('aria-label', title);
    mark.addEventListener('click', () => onPrefix(prefix));
    return mark;
  });
  return element('span', { className: 'codes' }, ...marks);
}
