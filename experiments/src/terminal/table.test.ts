import { describe, expect, it } from 'vitest';
import { figures, lines, markdownListing, renderListing } from './listing.ts';
import { renderDefinition, renderPairs, renderSentences, renderTable } from './table.ts';

const columns = [{ title: 'recipe' }, { title: 'claim' }, { title: 'HR@10', align: 'right' as const }];
const claim = 'HSTU beats SASRec on ML-1M at the same width and depth, and it does so in every one of three seeds';
const rows = [
  ['ml-1m/hstu', claim, '.3011'],
  ['ml-1m/sasrec', 'a baseline', '.2836'],
];

describe('a table', () => {
  it('is as wide as its cells where nobody says how wide it may be', () => {
    expect(renderTable(columns, rows, undefined).split('\n')).toHaveLength(4);
  });

  it.each([120, 80, 60])('wraps sentences to fit %i columns and keeps every word and figure', (width) => {
    const table = renderTable(columns, rows, width);
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    for (const word of [...claim.split(' '), '.3011', '.2836', 'HR@10']) expect(table).toContain(word);
    // Figures stay beside the first line of their row.
    expect(table).toMatch(/ml-1m\/hstu .*\.3011/);
  });

  it('leaves out columns at the right where wrapping is not enough, and names them', () => {
    const metrics = Array.from({ length: 12 }, (_, i) => ({ title: `HR@${i + 1}00`, align: 'right' as const }));
    const table = renderTable([{ title: 'model' }, ...metrics], [['HSTU', ...metrics.map(() => '.1234')]], 50);
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(50);
    expect(table.replaceAll('\n', ' ')).toContain('not shown for want of width: HR@600, HR@700');
    expect(table).toContain('HR@500');
  });
});

describe('facts and sentences', () => {
  const pairs = [
    ['rounds', '3, contestants in turn, medians of all of them together'],
    ['digest', '3ad5bdb0fddd44b57610b1ce3371167244871546caf8d2b33c4e1bd7b52ea721'],
  ] as const;

  it('stay as they are where nobody says how wide they may be', () => {
    expect(renderPairs(pairs, { width: undefined }).split('\n')).toHaveLength(2);
  });

  it('go on below themselves, and below their key where a word does not fit', () => {
    expect(renderPairs(pairs, { width: 70 })).toBe(
      [
        '  rounds  3, contestants in turn, medians of all of them together',
        '  digest',
        '      3ad5bdb0fddd44b57610b1ce3371167244871546caf8d2b33c4e1bd7b52ea721',
      ].join('\n'),
    );
    expect(renderPairs(pairs.slice(0, 1), { width: 40 })).toBe(
      ['  rounds  3, contestants in turn,', '          medians of all of them', '          together'].join('\n'),
    );
  });

  it('are indented from their second line on', () => {
    expect(renderSentences(['ok: 0 of 943 targets are events that training reads.'], '  ', 30)).toBe(
      ['  ok: 0 of 943 targets are', '    events that training', '    reads.'].join('\n'),
    );
  });
});

describe('a listing', () => {
  const listing = [
    ...lines('backend simd {"threads":2}', undefined, false),
    { pairs: [['rounds', '3']] as const },
    figures(['step', 'ms'], [['seqrec', '52.0']], { title: 'a < b' }),
  ];

  it('is plain text in the terminal', () => {
    expect(renderListing(listing)).toBe(
      'backend simd {"threads":2}\n\n  rounds  3\n\na < b\n\nstep      ms\n------  ----\nseqrec  52.0',
    );
  });

  it('is Markdown in the docs', () => {
    expect(markdownListing(listing)).toBe(
      '- backend simd `{"threads":2}`\n\n- rounds: 3\n\na &lt; b:\n\n| step   | ms   |\n| ------ | ---- |\n| seqrec | 52.0 |',
    );
  });
});

it('how figures are defined fits a terminal, and is one line a sentence elsewhere', () => {
  const definition = ['Rank: 1 + number of candidates with a higher score.', 'Averages are over queries.'];
  expect(renderDefinition(definition, undefined)).toBe(definition.map((line) => `- ${line}`).join('\n'));
  expect(renderDefinition(definition, 40)).toBe(
    '- Rank: 1 + number of candidates with\n  a higher score.\n- Averages are over queries.',
  );
});
