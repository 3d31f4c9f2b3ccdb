// Numbers as readers see them.

export const count = (n) => Number(n).toLocaleString("en");
export const many = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
export const share = (x) => `${Math.round(x * 100)} %`;

/** Two digits, without the zero before the point; probabilities below .001 as "< .001". */
export function figure(x) {
  if (x === null || x === undefined) return "–";
  return x.toFixed(2).replace(/^(-?)0\./, "$1.");
}
export function probability(x) {
  if (x === null || x === undefined) return "–";
  if (x < 0.001) return "< .001";
  return (x < 0.1 ? x.toFixed(3) : x.toFixed(2)).replace(/^0/, "");
}
