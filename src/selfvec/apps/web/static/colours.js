// Colours of values: distinct ones, or a ramp for values in order.

export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7b4fb5", "#b8a500", "#e377c2", "#17a2a2", "#7f7f7f"];
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [230, 210, 40]]; // viridis

/** The colour of a value: its place among ``many`` values. */
export function shade(code, many, ordered) {
  if (!ordered) return COLOURS[code % COLOURS.length];
  const at = many < 2 ? 0 : code / (many - 1) * (RAMP.length - 1), from = Math.min(Math.floor(at), RAMP.length - 2);
  return `#${RAMP[from].map((low, i) => Math.round(low + (RAMP[from + 1][i] - low) * (at - from)).toString(16).padStart(2, "0")).join("")}`;
}
