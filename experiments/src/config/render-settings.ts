import { renderPairs, renderTable, terminalWidth } from '../terminal/table.ts';
import type { Setting } from './settings.ts';

/** Narrower terminals have no room for four columns. */
const TABLE = 100;

/** A table for each choice of kinds, those settings first that are there whatever the kinds. */
export function renderSettings(settings: readonly Setting[], width = terminalWidth()): string {
  const groups = Map.groupBy(settings, titleOf);
  const body = (rows: readonly Setting[]) =>
    width !== undefined && width < TABLE ? renderList(rows, width) : renderRows(rows, width);
  return [...groups]
    .sort(([a], [b]) => Number(a !== '') - Number(b !== ''))
    .map(([title, rows]) => (title === '' ? body(rows) : `${title}:\n\n${body(rows)}`))
    .join('\n\n');
}

function titleOf({ when }: Setting): string {
  return when.length === 0 ? '' : `With ${when.map(({ key, values }) => `${key} ${values.join(', ')}`).join(' and ')}`;
}

function renderRows(rows: readonly Setting[], width: number | undefined): string {
  return renderTable(
    [{ title: 'setting' }, { title: 'values' }, { title: 'default' }, { title: 'what' }],
    rows.map((setting) => [setting.key, setting.values, defaultOf(setting), setting.help ?? '']),
    width,
  );
}

function renderList(rows: readonly Setting[], width: number): string {
  return renderPairs(
    rows.map((setting) => {
      const usual = defaultOf(setting);
      const told = setting.default === undefined ? usual : `default ${usual}`;
      return [setting.key, [`${setting.values}${told === '' ? '' : `; ${told}`}.`, setting.help ?? ''].join(' ')];
    }),
    { width },
  );
}

function defaultOf({ default: usual, required }: Setting): string {
  if (usual === undefined) return required ? 'required' : '';
  return typeof usual === 'string' ? usual : (JSON.stringify(usual) ?? '');
}
