import { imageOf, unprocessable } from "./http.mjs";
import { decodePng, decodePpm, encodePng } from "./picture.mjs";
import { settings } from "./settings.mjs";

const near = 24;
const far = 72;

/** Makes the colour of the four corners transparent, with a soft edge. */
export function removeBackground(request, body) {
  const image = imageOf(request, body);
  if (image === null) throw unprocessable("file", "Field required");
  const picture = decode(image.bytes);
  const background = cornerColour(picture);
  for (let at = 0; at < picture.pixels.length; at += 4) {
    const distance = Math.hypot(...background.map((value, channel) => value - picture.pixels[at + channel]));
    const opacity = Math.min(1, Math.max(0, (distance - near) / (far - near)));
    picture.pixels[at + 3] = Math.round(picture.pixels[at + 3] * opacity);
  }
  return { status: 200, type: "image/png", bytes: encodePng(picture) };
}

function decode(bytes) {
  try {
    const picture = bytes[0] === 0x50 ? decodePpm(bytes, limit()) : decodePng(bytes, limit());
    return picture;
  } catch (error) {
    throw unprocessable("file", error.message, "value_error");
  }
}

function limit() {
  return settings.targetSize * 4;
}

function cornerColour({ width, height, pixels }) {
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  return [0, 1, 2].map(
    (channel) => corners.reduce((sum, at) => sum + pixels[at * 4 + channel], 0) / corners.length,
  );
}
