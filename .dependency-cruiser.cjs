// Data flows one way: data, core -> models -> experiments. Tests may import anything.
const inTests = '\\.test\\.ts$|test-support|/conformance/';

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
    {
      name: 'reference-imports-nothing',
      comment: 'A float64 reference that imports the code under test proves nothing.',
      severity: 'error',
      from: { path: '^packages/core/src/reference', pathNot: inTests },
      to: { pathNot: '^packages/core/src/reference' },
    },
    {
      name: 'packages-through-their-front-door',
      comment: 'Another package is imported by its name, never by a path into its sources.',
      severity: 'error',
      from: { path: '^(packages/([^/]+)|experiments)/', pathNot: inTests },
      to: {
        path: '^packages/([^/]+)/src',
        pathNot: '^packages/($2)/src|^packages/[^/]+/src/(index|closest|backends/simd/index|reference/index)\\.ts$',
      },
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
