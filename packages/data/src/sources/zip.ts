import { crc32 } from 'node:zlib';
import { type Entry, getFileNameLowLevel, openPromise, validateFileName, type ZipFile } from 'yauzl';
import { ArchiveError } from '../errors.ts';
import type { FileSet } from './file-set.ts';
import { gunzipped, isGzip } from './gunzip.ts';

const operation = 'openZip';

/**
 * Opens a zip for reading; entries are streamed, those that are `.gz` unpacked, nothing is written to disk.
 *
 * @throws {ArchiveError} `bad-zip` for a truncated or damaged archive, `zip-slip` for an entry that would leave the
 *   folder (absolute, a drive, or with `..`), `bad-checksum` while reading an entry whose CRC-32 does not agree;
 *   {DataError} `bad-gzip` for a `.gz` among them that is none
 */
export async function openZip(path: string): Promise<FileSet> {
  let zip: ZipFile;
  try {
    // Names are decoded here: yauzl's own check does not say which entry is at fault.
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false });
  } catch (cause) {
    throw damaged(path, undefined, cause);
  }
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      checkName(path, name);
      // Folders, and the resource forks that macOS adds.
      if (name.endsWith('/') || /(^|\/)(__MACOSX\/|\._)/.test(name)) continue;
      entries.set(name, entry);
    }
  } catch (cause) {
    zip.close();
    throw cause instanceof ArchiveError ? cause : damaged(path, undefined, cause);
  }
  return {
    kind: 'zip',
    path,
    names: [...entries.keys()].sort(),
    size: (name) => entries.get(name)?.uncompressedSize ?? 0,
    chunks: (name) => {
      const bytes = entryChunks(zip, path, name, entries.get(name));
      return isGzip(name) ? gunzipped(bytes, { file: path, entry: name }) : bytes;
    },
    place: (name) => ({ file: path, entry: name }),
    close: () => zip.close(),
  };
}

function checkName(path: string, name: string): void {
  const problem = validateFileName(name);
  if (problem === null) return;
  throw new ArchiveError(operation, `expected entries inside the archive's folder; got "${name}"`, {
    code: 'zip-slip',
    file: path,
    entry: name,
    hint: 'the archive is hostile or broken, do not unpack it',
  });
}

function damaged(path: string, entry: string | undefined, cause: unknown): ArchiveError {
  return new ArchiveError(operation, 'expected a whole zip archive; got a damaged or truncated one', {
    code: 'bad-zip',
    file: path,
    ...(entry === undefined ? {} : { entry }),
    hint: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

async function* entryChunks(
  zip: ZipFile,
  path: string,
  name: string,
  entry: Entry | undefined,
): AsyncGenerator<Uint8Array> {
  if (entry === undefined) throw damaged(path, name, new Error('no such entry'));
  let crc = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      crc = crc32(chunk as Uint8Array, crc);
      yield chunk as Uint8Array;
    }
  } catch (cause) {
    throw damaged(path, name, cause);
  }
  // yauzl checks sizes but not content.
  if (crc !== entry.crc32) {
    throw new ArchiveError(operation, `expected CRC-32 ${hex(entry.crc32)}; got ${hex(crc)}`, {
      code: 'bad-checksum',
      file: path,
      entry: name,
      hint: 'the archive is damaged, fetch it again',
    });
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
