import fc from "fast-check";

/** Text of all that Slack, a terminal or a reader's eye could trip over. */
export const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom(
        ...[
          "*",
          "_",
          "~",
          "`",
          "```",
          "<!channel>",
          "<@U123>",
          "@here",
          "<https://evil.example|ok>",
          "&lt;",
          "&",
        ],
        ...[
          "\n",
          "\r\n> ",
          "\u202e",
          "\u2066",
          "\u200b",
          "\ud800",
          "\udc00",
          "😀",
          "👩‍👩‍👧",
          "Z͑ͫ̓ͪ̂ͫ̽͏̴",
          "漢字",
          '"',
          "\\",
          "\0",
        ],
      ),
    ),
    { maxLength: 400 },
  )
  .map((parts) => parts.join(""));
