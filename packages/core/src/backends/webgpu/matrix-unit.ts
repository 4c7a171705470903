/** What a device says of its subgroup matrices (tensor cores): `[M, K] [K, N]` with sums in another type. */
export interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** How WGSL names the layout of a load or store: by a template, or by an argument as in older versions of Dawn. */
export const matrixDialects = ['template', 'argument'] as const;

/** A size of subgroup matrices with operands in float16 and sums in float32, and how programs use it. */
export interface MatrixUnit {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Of a workgroup: four subgroups, more where they may be narrower. */
  readonly threads: number;
  readonly dialect: (typeof matrixDialects)[number];
}

export const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix';
/** Subgroups that share the results of a workgroup. */
const SUBGROUPS = 4;
/** Results and terms that a subgroup takes at a time; matrices must fit. */
const TILE = 32;
/** Of workgroup memory that the program takes at most, with matrices of 32 by 32. */
const BYTES = 26 * 1024;

/** What the choice depends on. */
export interface MatrixDevice {
  readonly features: readonly string[];
  readonly matrices: readonly MatrixConfig[];
  /** Language features of WGSL. */
  readonly language: readonly string[];
  readonly widestSubgroup: number;
  readonly workgroupThreads: number;
  readonly workgroupBytes: number;
}

/** The largest unit that our product can use, or why there is none. */
export function chooseMatrixUnit(device: MatrixDevice): Omit<MatrixUnit, 'dialect'> | string {
  const missing = ['shader-f16', 'subgroups', MATRIX_FEATURE].filter((name) => !device.features.includes(name));
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  if (!device.language.includes('subgroup_id')) return 'no subgroup_id in WGSL';
  const fitting = device.matrices.filter(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === 'f16' && resultComponentType === 'f32' && [M, N, K].every((n) => TILE % n === 0),
  );
  if (fitting.length === 0) return 'no matrices of float16 with sums in float32 that divide 32';
  const threads = SUBGROUPS * device.widestSubgroup;
  if (threads === 0 || threads > device.workgroupThreads) return `no workgroups of ${threads} threads`;
  if (device.workgroupBytes < BYTES) return `no ${BYTES} bytes of workgroup memory`;
  const { M, N, K } = fitting.reduce((best, next) =>
    next.M * next.N * next.K > best.M * best.N * best.K ? next : best,
  );
  return { M, N, K, threads };
}
