import { BackendError, UnsupportedError } from '../../errors.ts';
import { chooseMatrixUnit, MATRIX_FEATURE, type MatrixConfig, type MatrixUnit } from './matrix-unit.ts';

/** Optional features that our programs use where the device has them. */
const WANTED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query', MATRIX_FEATURE] as const;

/** Limits that are raised to what the adapter offers; the rest keep the defaults of WebGPU. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** What is known of the device, for `doctor` and run folders. */
export interface WebgpuInfo {
  /** Name that the driver gives, for example `NVIDIA H100` or `llvmpipe`. */
  readonly adapter: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Whether programs run on the CPU. */
  readonly software: boolean;
  readonly features: readonly string[];
  /** Narrowest and widest subgroup, when the adapter tells. */
  readonly subgroupSize?: string;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
  readonly workgroupBytes: number;
  readonly workgroupThreads: number;
  readonly storageBuffers: number;
}

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly adapterInfo: GPUAdapterInfo;
  readonly info: WebgpuInfo;
  /** Subgroup matrices that products may try, or why there are none. */
  readonly matrices: Omit<MatrixUnit, 'dialect'> | string;
}

/** The newest description of an adapter; fields differ between browsers. */
type AdapterInfo = GPUAdapterInfo & {
  readonly isFallbackAdapter?: boolean;
  /** With the feature for subgroup matrices. */
  readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
};

/**
 * Opens the fastest adapter with every limit and feature that the programs can use. `explain` says why there is none.
 * @throws UnsupportedError when there is no adapter; BackendError when the adapter gives no device.
 */
export async function openDevice(gpu: GPU, explain?: () => string | undefined): Promise<OpenDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    const why = explain?.() ?? 'got none; a driver for Vulkan, Metal or D3D12 may be missing';
    throw new UnsupportedError(`webgpu: expected a GPU adapter; ${why}; or use another backend: simd, cpu`);
  }
  const features = WANTED_FEATURES.filter((name) => adapter.features.has(name));
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures: features as GPUFeatureName[], requiredLimits });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`webgpu: expected the adapter to give a device; got: ${why}; another program may hold it`, {
      cause,
    });
  }
  const adapterInfo = adapter.info as AdapterInfo;
  const info = describeDevice(device, adapterInfo);
  const matrices = chooseMatrixUnit({
    ...info,
    matrices: [...(adapterInfo.subgroupMatrixConfigs ?? [])],
    language: [...(gpu.wgslLanguageFeatures ?? [])],
    widestSubgroup: adapterInfo.subgroupMaxSize ?? 0,
  });
  return { device, adapterInfo, info, matrices };
}

function describeDevice({ features, limits }: GPUDevice, about: AdapterInfo): WebgpuInfo {
  const { subgroupMinSize: narrow, subgroupMaxSize: wide } = about;
  return {
    adapter: about.device || about.description || 'unnamed',
    vendor: about.vendor,
    architecture: about.architecture,
    software: about.isFallbackAdapter ?? about.architecture === 'software',
    features: WANTED_FEATURES.filter((name) => features.has(name)),
    ...(wide > 0 ? { subgroupSize: narrow === wide ? String(wide) : `${narrow}-${wide}` } : {}),
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
    storageBuffers: limits.maxStorageBuffersPerShaderStage,
  };
}
