/**
 * What can be done with keys. PPOCRLabel's keys stand where it has the command: W and Q draw, A and D go through the
 * boxes, Ctrl+E and F2 edit the text, Ctrl+R reads again, Ctrl+G goes near, Ctrl+C puts a copy beside the box, Z X C V
 * choose a corner for the arrow keys and B the whole box, Ctrl+V (its "Check") is done with the drawing.
 */
export const COMMANDS = {
  accept: { group: "go", keys: ["Enter"] },
  next: { group: "go", keys: ["Tab", "D"] },
  previous: { group: "go", keys: ["Shift+Tab", "A"] },
  look_over: { group: "go", keys: ["O", "Alt+O"] },
  edit_text: { group: "go", keys: ["F2", "Ctrl+E"] },
  leave: { group: "go", keys: ["Escape"] },
  next_area: { group: "go", keys: ["F6"] },
  text: { group: "say", keys: ["1", "Alt+1"] },
  dimension: { group: "say", keys: ["2", "Alt+2"] },
  symbol: { group: "say", keys: ["3", "Alt+3"] },
  table: { group: "say", keys: ["4", "Alt+4"] },
  title_block: { group: "say", keys: ["5", "Alt+5"] },
  unreadable: { group: "say", keys: ["0", "Alt+0"] },
  read_again: { group: "say", keys: ["Ctrl+R"] },
  draw: { group: "box", keys: ["W"] },
  draw_slanted: { group: "box", keys: ["Q", "Home"] },
  delete: { group: "box", keys: ["Delete", "Backspace", "Ctrl+Delete"] },
  copy: { group: "box", keys: ["Ctrl+C"] },
  split: { group: "box", keys: ["S", "Alt+S"] },
  merge: { group: "box", keys: ["M"] },
  select_all: { group: "box", keys: ["Ctrl+A"] },
  turn_text: { group: "box", keys: ["R", "Alt+R"] },
  snap: { group: "box", keys: ["I", "Alt+I"] },
  corner_1: { group: "box", keys: ["Z"] },
  corner_2: { group: "box", keys: ["X"] },
  corner_3: { group: "box", keys: ["C"] },
  corner_4: { group: "box", keys: ["V"] },
  whole_box: { group: "box", keys: ["B"] },
  nudge_left: { group: "box", keys: ["ArrowLeft"] },
  nudge_right: { group: "box", keys: ["ArrowRight"] },
  nudge_up: { group: "box", keys: ["ArrowUp"] },
  nudge_down: { group: "box", keys: ["ArrowDown"] },
  nudge_far_left: { group: "box", keys: ["Shift+ArrowLeft"] },
  nudge_far_right: { group: "box", keys: ["Shift+ArrowRight"] },
  nudge_far_up: { group: "box", keys: ["Shift+ArrowUp"] },
  nudge_far_down: { group: "box", keys: ["Shift+ArrowDown"] },
  leap_left: { group: "box", keys: ["Ctrl+ArrowLeft"] },
  leap_right: { group: "box", keys: ["Ctrl+ArrowRight"] },
  leap_up: { group: "box", keys: ["Ctrl+ArrowUp"] },
  leap_down: { group: "box", keys: ["Ctrl+ArrowDown"] },
  go_near: { group: "look", keys: ["Ctrl+G"] },
  whole_sheet: { group: "look", keys: ["F", "Alt+F"] },
  zoom_in: { group: "look", keys: ["+", "="] },
  zoom_out: { group: "look", keys: ["-"] },
  turn_view: { group: "look", keys: ["T", "Alt+T"] },
  show_texts: { group: "look", keys: ["L", "Alt+L"] },
  undo: { group: "task", keys: ["Ctrl+Z"] },
  redo: { group: "task", keys: ["Ctrl+Y", "Ctrl+Shift+Z"] },
  submit: { group: "task", keys: ["Ctrl+Enter", "Ctrl+V", "End"] },
  skip: { group: "task", keys: ["Ctrl+Shift+Enter"] },
  help: { group: "task", keys: ["?", "F1"] },
} as const satisfies Record<string, { readonly group: string; readonly keys: readonly string[] }>;

export type Command = keyof typeof COMMANDS;
export type Group = (typeof COMMANDS)[Command]["group"];

export const GROUPS: readonly Group[] = ["go", "say", "box", "look", "task"];

export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly Command[];
