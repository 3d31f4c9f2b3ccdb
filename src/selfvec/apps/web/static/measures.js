// What the size of a change is, in words.

export const MEASURES = { neighbourhood_change: "change of neighbours", excess: "moved beyond chance" };
