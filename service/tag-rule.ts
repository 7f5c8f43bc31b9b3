/** Why a tag is not taken, in one sentence; the rule itself is `parseTagName`. */
export const tagRule =
  "The tag holds characters that Gantry does not take: it uses letters, digits, and . _ + / - only, 128 at most.";
