// Data flows one way: data, core -> models -> experiments. Tests may import anything.
const inTests = '\\.test\\.ts$|test-support|/conformance/';

/** Rooms of experiments/src, top first: a room imports those after it, and its own files. */
const rooms = [
  'commands',
  'results',
  'studies',
  'measure',
  'serve',
  'run/(loop|outputs)',
  'report',
  'ids',
  'run/(evaluation|open|process|folder|verdict|ranks)',
  'data',
  'config',
  'plugins',
  'terminal',
];
const room = (name) => `^experiments/src/${name}/`;

/** @type {import('dependency-cruiser').IConfiguration} */
const configuration = {
  forbidden: [
    {
      name: 'core-imports-nothing-of-ours',
      comment: 'packages/core is maths: it knows no users, items or models.',
      severity: 'error',
      from: { path: '^packages/core/src', pathNot: inTests },
      to: { path: '^(packages/(data|models)|experiments)/' },
    },
    {
      name: 'data-imports-nothing-of-ours',
      comment: 'packages/data is typed arrays only: no tensors, no models.',
      severity: 'error',
      from: { path: '^packages/data/src', pathNot: inTests },
      to: { path: '^(packages/(core|models)|experiments)/|node_modules/@tensorflow/' },
    },
    {
      name: 'models-do-not-know-experiments',
      severity: 'error',
      from: { path: '^packages/models/src', pathNot: inTests },
      to: { path: '^experiments/' },
    },
    ...rooms.slice(1).map((name, above) => ({
      name: `${name}-looks-down`,
      comment: `Data of experiments flow one way: ${rooms.join(' -> ')}.`,
      severity: 'error',
      from: { path: room(name), pathNot: inTests },
      to: {
        path: [...rooms.slice(0, above + 1).map(room), '^experiments/src/(testing/|(main|cli|index|invocation)\\.ts$)'],
        // A study saves its result in the form that all commands share; pages made of results know the studies.
        ...(name === 'studies' && { pathNot: '^experiments/src/results/saved\\.ts$' }),
      },
    })),
    {
      name: 'reference-imports-nothing',
      comment: 'A float64 reference that imports the code under test proves nothing.',
      severity: 'error',
      from: { path: '^packages/core/src/reference', pathNot: inTests },
      to: { pathNot: '^packages/core/src/reference' },
    },
    {
      name: 'slots-import-nothing',
      comment: 'TypeScript and AssemblyScript both import them: an import of theirs could not be right for both.',
      severity: 'error',
      from: { path: '^packages/core/src/backends/simd/slots' },
      to: {},
    },
    {
      name: 'packages-through-their-front-door',
      comment: 'Another package is imported by its name, never by a path into its sources.',
      severity: 'error',
      from: { path: '^(packages/([^/]+)|experiments)/', pathNot: inTests },
      to: {
        path: '^packages/([^/]+)/src',
        pathNot:
          '^packages/($2)/src|^packages/[^/]+/src/(index|closest|windows/sliding-rules|backends/simd/index|collectives/index|reference/index|row-files/index)\\.ts$',
      },
    },
    {
      name: 'models-run-in-browsers',
      comment: 'What ranks and files need of Node reaches models as an argument: they import its types alone.',
      severity: 'error',
      from: { path: '^packages/models/src', pathNot: inTests },
      to: { path: '^packages/core/src/(collectives|row-files)/index', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types count too: what two files share stands in a third.',
      severity: 'error',
      from: { pathNot: inTests },
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: {
        couldNotResolve: true,
        pathNot: '^@tensorflow/tfjs-node|assemblyscript|^webgpu$|^@tensorflow/tfjs-backend-webgpu',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/|/assembly/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@seqrec/source', 'import', 'node', 'default', 'types'],
    },
  },
};

module.exports = configuration;
