import { crc32, deflateSync, inflateSync } from "node:zlib";

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const channelsOf = { 2: 3, 6: 4 };

/** Reads an 8-bit RGB or RGBA PNG without interlacing into RGBA pixels. Throws an Error that says what it is not. */
export function decodePng(bytes, largestSide) {
  if (!bytes.subarray(0, 8).equals(signature)) throw new Error("Not a PNG or PPM image");
  const chunks = readChunks(bytes);
  const header = chunks.find(({ type }) => type === "IHDR")?.data;
  if (header === undefined || header.length !== 13) throw new Error("The PNG has no header");
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = channelsOf[header[9]];
  if (header[8] !== 8 || channels === undefined || header[12] !== 0)
    throw new Error("Only 8-bit RGB and RGBA without interlacing can be read");
  checkSize(width, height, largestSide);
  const size = height * (width * channels + 1);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const raw = inflateSync(packed, { maxOutputLength: size });
  if (raw.length !== size) throw new Error("The PNG is cut off");
  return { width, height, pixels: withAlpha(unfilter(raw, width * channels, height, channels), channels) };
}

/** Reads a binary PPM (P6, 8 bits) into RGBA pixels. */
export function decodePpm(bytes, largestSide) {
  const match = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString("latin1"));
  if (match === null) throw new Error("Only a binary PPM (P6) with 8 bits can be read");
  const [width, height] = [Number(match[1]), Number(match[2])];
  checkSize(width, height, largestSide);
  const raw = bytes.subarray(match[0].length);
  if (raw.length < width * height * 3) throw new Error("The PPM is cut off");
  return { width, height, pixels: withAlpha(raw.subarray(0, width * height * 3), 3) };
}

/** Writes RGBA pixels as a PNG. */
export function encodePng({ width, height, pixels }) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const raw = Buffer.alloc(height * (width * 4 + 1));
  for (let row = 0; row < height; row += 1)
    pixels.copy(raw, row * (width * 4 + 1) + 1, row * width * 4, (row + 1) * width * 4);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(raw)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function checkSize(width, height, largestSide) {
  if (width < 1 || height < 1 || Math.max(width, height) > largestSide)
    throw new Error(`Sides must have 1 to ${largestSide} pixels`);
}

function readChunks(bytes) {
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    chunks.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
    });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(data.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

function unfilter(raw, stride, height, step) {
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw[row * (stride + 1)];
    for (let column = 0; column < stride; column += 1) {
      const left = column < step ? 0 : pixels[row * stride + column - step];
      const up = row === 0 ? 0 : pixels[(row - 1) * stride + column];
      const corner = row === 0 || column < step ? 0 : pixels[(row - 1) * stride + column - step];
      const value = raw[row * (stride + 1) + 1 + column];
      pixels[row * stride + column] =
        value + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  return pixels;
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [left, up, corner].map((value) => Math.abs(guess - value));
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function withAlpha(bytes, channels) {
  if (channels === 4) return Buffer.from(bytes);
  const pixels = Buffer.alloc((bytes.length / 3) * 4, 255);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) bytes.copy(pixels, to, from, from + 3);
  return pixels;
}
