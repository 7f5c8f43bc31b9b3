import { crc32, deflateRawSync } from "node:zlib";
import type { BundleFile } from "./framework-files.ts";

/** 1980-01-01, the first day that a ZIP file knows: the same files are the same archive, whenever it is made. */
const date = 0x21;
const version = 20; // 2.0: deflate
const names8 = 0x800; // names are UTF-8
const deflated = 8;
const readable = 0o100644;

type Entry = Readonly<{ name: Buffer; sum: number; size: number; packed: Buffer; offset: number }>;

/** The files as a ZIP archive (APPNOTE.TXT 6.3.3, without the extensions for 4 GiB and more), in the order of their names. */
export function zipArchive(files: readonly BundleFile[]): Buffer {
  const entries: Entry[] = [];
  const parts: Buffer[] = [];
  let offset = 0;
  for (const { path, contents } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const packed = deflateRawSync(contents, { level: 9 });
    const entry = {
      name: Buffer.from(path),
      sum: crc32(contents),
      size: contents.byteLength,
      packed,
      offset,
    };
    const head = localHeader(entry);
    entries.push(entry);
    parts.push(head, packed);
    offset += head.byteLength + packed.byteLength;
  }
  const directory = Buffer.concat(entries.map(directoryEntry));
  return Buffer.concat([
    ...parts,
    directory,
    endOf({ count: entries.length, size: directory.byteLength, offset }),
  ]);
}

/** The fields that both headers share, from "version needed" to "extra field length". */
function common({ name, sum, size, packed }: Entry): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(version, 0);
  fields.writeUInt16LE(names8, 2);
  fields.writeUInt16LE(deflated, 4);
  fields.writeUInt16LE(0, 6);
  fields.writeUInt16LE(date, 8);
  fields.writeUInt32LE(sum, 10);
  fields.writeUInt32LE(packed.byteLength, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(name.byteLength, 22);
  return fields;
}

function localHeader(entry: Entry): Buffer {
  return Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common(entry), entry.name]);
}

function directoryEntry(entry: Entry): Buffer {
  const head = Buffer.from("PK\x01\x02\x14\x03", "latin1"); // made by version 2.0, on Unix
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(readable * 0x10000, 6);
  rest.writeUInt32LE(entry.offset, 10);
  return Buffer.concat([head, common(entry), rest, entry.name]);
}

function endOf({ count, size, offset }: Readonly<{ count: number; size: number; offset: number }>): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
