import { expect, it } from 'vitest';
import { tableSection } from './table-section.ts';

it('columns of numbers, with units and powers, stand at the right; of names at the left', () => {
  const rows = [
    ['SASRec', '6.1e+11', '2 min 3 s', '+.0041'],
    ['e', '9.0e+8', '13 s', ''],
  ];
  const said = tableSection({ title: 'a', titles: ['row', 'training FLOPs', 'training', 'difference'], rows }).source;
  for (const [cell, css] of [
    ['SASRec', ''],
    ['e', ''],
    ['6.1e+11', 'number'],
    ['13\u00a0s', 'number'],
    ['+.0041', 'number'],
  ])
    expect(said).toContain(`<td class="${css}">${cell}</td>`);
});
