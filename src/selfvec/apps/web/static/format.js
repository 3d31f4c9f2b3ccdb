// Numbers, words, slices and terms as readers see them.

export const count = (n, digits) =>
  Number(n).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
export const many = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
/** A share in percent, as the server writes it: small ones with a digit after the point. */
export const percent = (x) => `${(100 * x).toFixed(x > 0 && x < 0.1 ? 1 : 0)}%`;

/** A figure with two digits, without the zero before the point. */
export const figure = (x) => (x === null || x === undefined ? "–" : count(x, 2).replace(/^(-?)0\./, "$1."));

/** A p or q: below .1 with three digits, below .001 as "< .001". */
export function probability(x) {
  if (x === null || x === undefined) return "–";
  if (x < 0.001) return "< .001";
  return (x < 0.1 ? x.toFixed(3) : x.toFixed(2)).replace(/^0/, "");
}

/** Invisible characters, and those that change the direction of text, as escapes. */
export const clean = (text) =>
  text.replace(
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu,
    (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`,
  );

/** The same, shortened. */
export function spell(word) {
  const shown = clean(word);
  return shown.length > 48 ? `${shown.slice(0, 47)}…` : shown;
}

/** The writing direction of a text: that of its first letter. */
export const direction = (text) =>
  /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(text)
    ? "rtl"
    : "ltr";

/** A name or a sentence with spans of time for readers: 1993..2000 as 1993–2000. */
export const readable = (text) => clean(text).replace(/(?<=\d)\.\.(?!\.)|(?<!\.)\.\.(?=\d)/g, "–");

/** What a vector is based on. */
export const SOURCES = {
  known: "the initial vectors",
  subwords: "subwords",
  random: "a random direction",
  context: "the words around it",
  mixed: "the words around it and similar spellings",
  none: "nothing",
};
