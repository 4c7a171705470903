import { type CAC, cac } from 'cac';
import { joinNegativeValues, type Override, splitOverrides } from './arguments.ts';
import { registerAnalyse } from './commands/analyse.ts';
import { registerBench } from './commands/bench.ts';
import { registerBenchmark } from './commands/benchmark.ts';
import { registerCompare } from './commands/compare.ts';
import { registerData } from './commands/data.ts';
import { registerDelta } from './commands/delta.ts';
import { registerDemo } from './commands/demo.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvaluate } from './commands/evaluate.ts';
import { registerExport } from './commands/export.ts';
import { registerFigures } from './commands/figures.ts';
import { registerIds } from './commands/ids.ts';
import { registerLabels } from './commands/labels.ts';
import { registerPage } from './commands/page.ts';
import { registerParity } from './commands/parity.ts';
import { registerPlan } from './commands/plan.ts';
import { registerProfile } from './commands/profile.ts';
import { registerRecipes } from './commands/recipes.ts';
import { registerRecommend } from './commands/recommend.ts';
import { registerReport } from './commands/report.ts';
import { registerReproduce } from './commands/reproduce.ts';
import { registerScale } from './commands/scale.ts';
import { registerSearch } from './commands/search.ts';
import { registerServe } from './commands/serve.ts';
import { registerSettings } from './commands/settings.ts';
import { registerTitles } from './commands/titles.ts';
import { registerTrain } from './commands/train.ts';
import { registerVectors } from './commands/vectors.ts';
import { exitCodeOf, isExpected, UsageError } from './errors.ts';
import type { Invocation } from './invocation.ts';
import { pluginOf } from './plugins/load-plugins.ts';
import { loadPluginsOfCommand } from './plugins-of-command.ts';
import { suggestion } from './suggest.ts';
import { systemMessage } from './system-error.ts';
import { refuseUnread } from './unread-options.ts';

/** A part of a help text. */
interface HelpSection {
  readonly title?: string;
  readonly body: string;
}

const commands = [
  registerTrain,
  registerEvaluate,
  registerRecommend,
  registerTitles,
  registerPage,
  registerServe,
  registerVectors,
  registerLabels,
  registerIds,
  registerExport,
  registerDelta,
  registerReport,
  registerRecipes,
  registerSettings,
  registerData,
  registerDemo,
  registerDoctor,
  registerParity,
  registerBench,
  registerProfile,
  registerPlan,
  registerCompare,
  registerAnalyse,
  registerReproduce,
  registerBenchmark,
  registerSearch,
  registerScale,
  registerFigures,
];

/**
 * Parses an argument list and checks commands and options, without running anything.
 *
 * @throws UsageError with the nearest command or option.
 */
export function parseCommandLine(argv: readonly string[]): { readonly cli: CAC; readonly overrides: Override[] } {
  const { rest: plain, overrides } = splitOverrides(argv);
  const rest = joinNegativeValues(plain);
  const cli = createProgram({ argv: rest, overrides });
  cli.parse(['node', 'seqrec', ...rest], { run: false });
  if (cli.options.help) return { cli, overrides };
  const [name] = cli.args;
  if (!cli.matchedCommand && name !== undefined)
    throw new UsageError(
      `seqrec: unknown command "${name}"`,
      suggestion(
        name,
        cli.commands.map((each) => each.name),
      ),
    );
  checkOptions(cli, overrides);
  const typed = rest.flatMap((word) => /^--([A-Za-z][\w-]*)(?:=|$)/s.exec(word)?.[1] ?? []);
  refuseUnread(cli, typed.map(asTyped), overrides);
  return { cli, overrides };
}

/**
 * Runs the program on an argument list and returns its exit code: 0 success, 1 failure, 2 wrong usage, 130 interrupted.
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const { cli } = parseCommandLine(argv);
    if (cli.options.help) return 0;
    if (!cli.matchedCommand) {
      cli.outputHelp();
      return 0;
    }
    await loadPluginsOfCommand(cli);
    const code: unknown = await cli.runMatchedCommand();
    return typeof code === 'number' ? code : 0;
  } catch (error) {
    printError(error, argv.includes('--verbose') || (process.env.SEQREC_DEBUG ?? '') !== '');
    return exitCodeOf(error);
  }
}

function createProgram(invocation: Invocation): CAC {
  const cli = cac('seqrec');
  for (const register of commands) register(cli, invocation);
  cli.option(
    '--plugin <file>',
    'A file or package that defines models, losses, tokenizers, data and so on; may be repeated',
  );
  cli.option('--verbose', 'Show the stack of an error, and more detail where there is more');
  cli.example('  $ seqrec demo');
  cli.example('  $ seqrec train ml-100k/hstu --data data --epochs 20');
  cli.example('  $ seqrec train ml-1m/hstu --model.numBlocks 4 --seed 7');
  cli.example('  $ seqrec recommend latest --user 42 -k 10');
  cli.help((sections) => {
    // The list of "COMMAND --help" lines repeats the list of commands.
    const shown = sections.filter((section) => !section.title?.startsWith('For more info')).map(withoutNoise);
    shown[0] = { body: 'seqrec trains, evaluates and inspects sequential recommenders' };
    const isProgram = sections.some((section) => section.title === 'Commands');
    return isProgram
      ? [...shown, { body: 'seqrec COMMAND --help shows the options and examples of a command.' }]
      : shown;
  });
  return cli;
}

/**
 * Without what the parser adds to the options: `default: true` of a `--no-x`, and an option of the program
 * that the command has too.
 */
function withoutNoise({ title, body }: HelpSection): HelpSection {
  if (title !== 'Options') return { title, body };
  const seen = new Set<string>();
  const lines = body.split('\n').filter((line) => {
    const flag = line.trim().split(/\s/)[0];
    if (seen.has(flag)) return false;
    seen.add(flag);
    return true;
  });
  return {
    title,
    body: lines.map((line) => (/^\s*--no-/.test(line) ? line.replace(' (default: true)', '') : line)).join('\n'),
  };
}

/** Options that no command declares are errors, here and not in the parser, for the sake of the suggestion. */
function checkOptions(cli: CAC, overrides: readonly Override[]): void {
  const command = cli.matchedCommand;
  const declared = [...(command?.options ?? []), ...cli.globalCommand.options];
  const names = declared.flatMap((option) => option.names);
  for (const name of Object.keys(cli.options)) {
    if (name === '--' || names.includes(name)) continue;
    const flag = name.length > 1 ? `--${asTyped(name)}` : `-${name}`;
    throw new UsageError(
      `${label(cli)}: unknown option ${flag}`,
      suggestion(asTyped(name), names.filter((each) => each.length > 1).map(asTyped), '--'),
    );
  }
  if (overrides.length > 0 && !command?.config.allowUnknownOptions)
    throw new UsageError(
      `${label(cli)}: unknown option --${overrides[0].key}`,
      'only `seqrec train`, `data`, `evaluate`, `scale`, `reproduce`, `benchmark`, `search`, `bench`, `profile` and `plan` take configuration keys',
    );
}

/**
 * `includeSeen` as `include-seen`: the parser knows options by the former, users by the latter; keys of a configuration
 * are typed as they are.
 */
function asTyped(name: string): string {
  return name.includes('.') ? name : name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function label(cli: CAC): string {
  return cli.matchedCommand ? `seqrec ${cli.matchedCommand.name}` : 'seqrec';
}

function printError(error: unknown, verbose: boolean): void {
  if (isExpected(error)) {
    console.error(`error: ${systemMessage(error) ?? error.message}`);
    if (verbose) console.error(error.stack);
    else if (exitCodeOf(error) === 1) console.error('(--verbose or SEQREC_DEBUG=1 shows the stack)');
    return;
  }
  const plugin = pluginOf(error);
  const whose = plugin === undefined ? 'seqrec; please report it with the lines below' : `the plug-in ${plugin.name}`;
  console.error(`error: this is a defect of ${whose}`);
  console.error(error instanceof Error ? error.stack : error);
}
