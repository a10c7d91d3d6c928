/**
 * Adds a note to an executable of 64-bit Linux, where Node finds its own script (`postject_find_resource`).
 *
 * An ELF file is a header, a table of program headers that say what the kernel maps where, and the bytes. The note
 * and a longer table go behind the last byte that is mapped; all before it stays as it was. What is never mapped
 * (symbols, debug information, section headers) is dropped, as `strip` would.
 */

const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_PHDR = 6;
const READABLE = 4;
const PAGE = 4096;

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** The executable with the note. Throws when it is no executable that this is written for. */
export function addNote(executable: Buffer, name: string, content: Uint8Array): Buffer {
  if (executable.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new Error('no 64-bit ELF file');
  const segments = readSegments(executable);
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  if (loaded.length === 0) throw new Error('no segment is loaded');
  // Kernels before 5.18 tell the program where its table is by the first segment's distance of address and offset.
  const distance = loaded[0]!.address - loaded[0]!.offset;
  const end = Math.max(
    ...segments.map(({ offset, fileSize }) => offset + fileSize),
    ...loaded.map(({ address, memorySize }) => address + memorySize - distance),
  );
  const offset = alignUp(end, PAGE);
  const note = encodeNote(name, content);
  const tableOffset = alignUp(offset + note.length, 8);
  const tableSize = (segments.length + 2) * SEGMENT_SIZE;

  const place = { flags: READABLE, offset, address: offset + distance, align: 4 };
  const noteSegment = { ...place, type: PT_NOTE, fileSize: note.length, memorySize: note.length };
  const size = tableOffset + tableSize - offset;
  const loadSegment = { ...place, type: PT_LOAD, fileSize: size, memorySize: size, align: PAGE };
  const moved = segments.map((segment) =>
    segment.type === PT_PHDR
      ? {
          ...segment,
          ...{ offset: tableOffset, address: tableOffset + distance },
          ...{ fileSize: tableSize, memorySize: tableSize },
        }
      : segment,
  );
  const afterLoads = moved.findLastIndex(({ type }) => type === PT_LOAD) + 1;

  const result = Buffer.alloc(tableOffset + tableSize);
  executable.copy(result, 0, 0, Math.min(executable.length, offset));
  result.set(note, offset);
  const table = [...moved.slice(0, afterLoads), loadSegment, ...moved.slice(afterLoads), noteSegment];
  table.forEach((segment, i) => {
    writeSegment(result, tableOffset + i * SEGMENT_SIZE, segment);
  });
  result.writeBigUInt64LE(BigInt(tableOffset), HEADER.tableOffset);
  result.writeUInt16LE(table.length, HEADER.tableCount);
  result.writeBigUInt64LE(0n, HEADER.sectionOffset);
  result.writeUInt16LE(0, HEADER.sectionCount);
  result.writeUInt16LE(0, HEADER.sectionNames);
  return result;
}

/** Offsets in the file's header (`Elf64_Ehdr`). */
const HEADER = { tableOffset: 32, sectionOffset: 40, tableCount: 56, sectionCount: 60, sectionNames: 62 };
/** Bytes of a program header (`Elf64_Phdr`). */
const SEGMENT_SIZE = 56;

function readSegments(file: Buffer): readonly Segment[] {
  const table = Number(file.readBigUInt64LE(HEADER.tableOffset));
  return Array.from({ length: file.readUInt16LE(HEADER.tableCount) }, (_, i) => {
    const at = table + i * SEGMENT_SIZE;
    const number = (field: number): number => Number(file.readBigUInt64LE(at + field));
    return {
      ...{ type: file.readUInt32LE(at), flags: file.readUInt32LE(at + 4), offset: number(8) },
      ...{ address: number(16), fileSize: number(32), memorySize: number(40), align: number(48) },
    };
  });
}

function writeSegment(file: Buffer, at: number, segment: Segment): void {
  file.writeUInt32LE(segment.type, at);
  file.writeUInt32LE(segment.flags, at + 4);
  const { offset, address, fileSize, memorySize, align } = segment;
  // Physical addresses mean nothing here; linkers repeat the virtual one.
  [offset, address, address, fileSize, memorySize, align].forEach((value, i) => {
    file.writeBigUInt64LE(BigInt(value), at + 8 + i * 8);
  });
}

function encodeNote(name: string, content: Uint8Array): Buffer {
  const nameSize = Buffer.byteLength(name) + 1;
  const contentAt = 12 + alignUp(nameSize, 4);
  const note = Buffer.alloc(contentAt + alignUp(content.length, 4));
  note.writeUInt32LE(nameSize, 0);
  note.writeUInt32LE(content.length, 4);
  note.write(name, 12);
  note.set(content, contentAt);
  return note;
}

function alignUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
