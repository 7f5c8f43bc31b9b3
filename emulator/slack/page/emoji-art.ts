/** One surface of a drawing on a field of 16 by 16. */
export type Shape = Readonly<{ fill: string; d: string }>;

const green = "#1f9d55";
const red = "#d92d20";
const blue = "#2f6fde";
const amber = "#e8a317";
const brown = "#8a5a2b";
const grey = "#6b7280";
const skin = "#f2b84b";
const white = "#ffffff";

const tile = "M3 1h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2V3a2 2 0 0 1 2-2z";
const disc = "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z";
const onTile = (fill: string, d: string): readonly Shape[] => [
  { fill, d: tile },
  { fill: white, d },
];
const circle = (fill: string): readonly Shape[] => [{ fill, d: disc }];
const hourglass: readonly Shape[] = [
  { fill: brown, d: "M3 1h10v2H3zM3 13h10v2H3z" },
  { fill: amber, d: "M4 3h8c0 3-2.5 3.7-2.5 5s2.5 2 2.5 5H4c0-3 2.5-3.7 2.5-5S4 6 4 3z" },
  { fill: white, d: "M5.2 4h5.6c-.3 1-1 1.6-1.6 2.2H6.8C6.2 5.6 5.5 5 5.2 4z" },
];
const lens: readonly Shape[] = [
  { fill: blue, d: "M7 1a5.5 5.5 0 1 1 0 11A5.5 5.5 0 0 1 7 1zm0 2a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z" },
  { fill: grey, d: "M10.5 11.9l1.4-1.4 3.3 3.3-1.4 1.4z" },
];

/**
 * Drawings of the emoji that tell of a release: a machine without an emoji font, as most servers are, would show an empty box
 * instead. The rest is left to the fonts.
 */
const drawings: Readonly<Record<string, readonly Shape[]>> = {
  "✅": onTile(green, "M3.5 8.5l1.5-1.5 2 2 4.5-4.5 1.5 1.5-6 6z"),
  "❌": [{ fill: red, d: "M3 1.5l5 5 5-5L14.5 3l-5 5 5 5-1.5 1.5-5-5-5 5L1.5 13l5-5-5-5z" }],
  "🚫": [
    { fill: red, d: "M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm0 2a5 5 0 1 0 0 10A5 5 0 0 0 8 3z" },
    { fill: red, d: "M3.8 5.2l1.4-1.4 7 7-1.4 1.4z" },
  ],
  "⛔": [...circle(red), { fill: white, d: "M4 7h8v2H4z" }],
  "🛑": [{ fill: red, d: "M5 1h6l4 4v6l-4 4H5l-4-4V5z" }],
  "⚠": [
    { fill: amber, d: "M8 1l7.5 14H.5z" },
    { fill: "#1d1c1d", d: "M7.2 6h1.6v5H7.2zM7.2 12h1.6v1.6H7.2z" },
  ],
  "⏳": hourglass,
  "⌛": hourglass,
  "⏰": [
    { fill: red, d: "M3.2 1.2l1.5 1.6-2.2 2.2L1 3.4zM12.8 1.2L15 3.4 13.5 5l-2.2-2.2z" },
    { fill: red, d: "M8 2.5a6.25 6.25 0 1 1 0 12.5A6.25 6.25 0 0 1 8 2.5z" },
    { fill: white, d: "M8 4.4a4.35 4.35 0 1 1 0 8.7 4.35 4.35 0 0 1 0-8.7z" },
    { fill: grey, d: "M7.3 5.4h1.4v3.2l2 1.5-.9 1.1L7.3 9.3z" },
  ],
  "🔨": [
    { fill: brown, d: "M7 6h2v9H7z" },
    { fill: grey, d: "M3 2h9l2 2v2H3z" },
  ],
  "📦": [
    { fill: "#b97a3d", d: "M2 5h12v9H2z" },
    { fill: "#d9a066", d: "M3.5 2h9L14 5H2z" },
    { fill: brown, d: "M7 2h2v6H7z" },
  ],
  "🔎": lens,
  "🔍": lens,
  "✋": [
    {
      fill: skin,
      d: "M4 7V3.5h1.7V7h.4V2h1.7v5h.4V2h1.7v5h.4V3.5H12V11c0 2.5-1.5 4-4 4-2 0-3-1-4-3L2 8.5l1.2-1z",
    },
  ],
  "🚦": [
    { fill: "#374151", d: "M4.5 1h7v14h-7z" },
    { fill: red, d: "M8 2a1.6 1.6 0 1 1 0 3.2A1.6 1.6 0 0 1 8 2z" },
    { fill: amber, d: "M8 6.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z" },
    { fill: green, d: "M8 10.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z" },
  ],
  "♨": [
    { fill: red, d: "M1 10h14c0 3-3 5-7 5s-7-2-7-5z" },
    { fill: amber, d: "M4 2h1.5v6H4zM7.25 1h1.5v7h-1.5zM10.5 2H12v6h-1.5z" },
  ],
  "↩": onTile(blue, "M3 7l4-4v2.5h2.5A3.5 3.5 0 0 1 9.5 12.5H6V11h3.5a2 2 0 0 0 0-4H7v3z"),
  "⏪": onTile(blue, "M8 4v8L3 8zM13 4v8L8 8z"),
  "⏩": onTile(blue, "M3 4v8l5-4zM8 4v8l5-4z"),
  "⏭": onTile(grey, "M3 4v8l4-4zM7 4v8l4-4zM11.5 4H13v8h-1.5z"),
  "⏹": onTile(grey, "M4.5 4.5h7v7h-7z"),
  "⏸": onTile(blue, "M4.5 4h2.3v8H4.5zM9.2 4h2.3v8H9.2z"),
  "☑": onTile(grey, "M3.5 8.5l1.5-1.5 2 2 4.5-4.5 1.5 1.5-6 6z"),
  "▶": onTile(blue, "M5 3.5v9L12.5 8z"),
  "🚀": [
    { fill: grey, d: "M8 1c3 2 4 5 3.5 9h-7C4 6 5 3 8 1z" },
    { fill: red, d: "M4.5 8L2 12l2.5-1zM11.5 8l2.5 4-2.5-1z" },
    { fill: amber, d: "M6 11h4l-2 4.5z" },
  ],
  "❔": [{ fill: grey, d: "M4 5c0-5 8-5 8 0 0 3-3 2.5-3 5H7c0-3.5 3-3 3-5s-4-2-4 0zM7 11.5h2v2H7z" }],
  ℹ: onTile(blue, "M7 3h2v2H7zM7 6.5h2V13H7z"),
  "👀": [
    { fill: grey, d: "M4 3c4 0 4 10 0 10S0 3 4 3zM12 3c4 0 4 10 0 10s-4-10 0-10z" },
    { fill: white, d: "M4 4.5c2.5 0 2.5 7 0 7s-2.5-7 0-7zM12 4.5c2.5 0 2.5 7 0 7s-2.5-7 0-7z" },
    { fill: "#1d1c1d", d: "M4 7h1.5v3H4zM12 7h1.5v3H12z" },
  ],
  "🔵": circle(blue),
  "🟢": circle(green),
  "🟠": circle(amber),
  "🔴": circle(red),
  "⚪": circle("#d1d5db"),
};

/** Splits a text where one of these emoji stands. */
export const drawnEmoji = new RegExp(`((?:${Object.keys(drawings).join("|")})\\uFE0F?)`, "u");

/** The drawing of an emoji; null = there is none. */
export function drawingOf(text: string): readonly Shape[] | null {
  const bare = text.replace("\uFE0F", "");
  return (Object.hasOwn(drawings, bare) ? drawings[bare] : undefined) ?? null;
}
