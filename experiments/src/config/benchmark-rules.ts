/**
 * How the benchmarks here judge all models alike: all items are ranked but those of all events before the target, whose
 * time is hidden; ties count in the mean over all orders. Baselines read all events before the target too.
 */
export const benchmarkRules = (selectBy: string) => ({
  'evaluation.ks': '[10,50,100]',
  'evaluation.excludeSeen': 'all',
  'evaluation.baselineHistory': 'all',
  'evaluation.ease.maxMemory': '4096',
  'evaluation.ties': 'expected',
  'evaluation.queryTime': 'last',
  'evaluation.selectBy': selectBy,
});
