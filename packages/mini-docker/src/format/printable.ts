/** Texts of others on the terminal: a registry must not move the cursor, change colours or titles, or type for the user. */

// oxlint-disable-next-line no-control-regex -- those are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g
// oxlint-disable-next-line no-control-regex -- the same without tab and line feed
const CONTROLS_IN_TEXT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** For a place in a line: control characters become blanks. */
export function printableLine(text: string): string {
  return text.replace(CONTROLS, ' ')
}

/** For text of several lines: tabs and line feeds stay. */
export function printableText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROLS_IN_TEXT, ' ')
}
