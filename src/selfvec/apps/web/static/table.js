// One function draws every table whose columns the server declares: their name, title, form and meaning.
import { svg } from "./chart.js";
import { bdi, h } from "./dom.js";
import { clean, count, figure, probability, readable, share } from "./format.js";
import { link } from "./state.js";

const BAR = 6, // pixels of a stretch
  TALL = 24;

/** A link to the page of a word. */
export const toWord = (word, mark = "") =>
  h("a", { href: link({ word, near: "" }), class: `w ${mark}`.trim() }, bdi(word));

/** Words with commas between them. */
export const commas = (words) => words.map((word, i) => [i ? ", " : "", bdi(word)]);

const numeric = (show) => ({ show, number: true });
const FORMS = {
  word: { show: (word) => toWord(word) },
  words: { show: commas },
  text: { show: clean },
  count: numeric(count),
  share: numeric(share),
  probability: numeric(probability),
  signed: numeric(figure),
  figure: numeric((x, { digits }) => (digits === 2 ? figure(x) : x.toFixed(digits))),
  barcode: { show: bars },
};

/** How often a word occurs in equal stretches of the text: bars, as high as their share of the most. */
function bars(counts) {
  const most = Math.max(1, ...counts);
  const one = (number, i) =>
    svg("rect", {
      x: BAR * i,
      width: BAR - 1,
      y: TALL * (1 - number / most),
      height: (TALL * number) / most,
    });
  return svg(
    "svg",
    {
      width: BAR * counts.length,
      height: TALL,
      fill: "currentColor",
      role: "img",
      "aria-label": `from the beginning of the text to its end: ${counts.join(", ")}`,
    },
    ...counts.map(one),
  );
}

/** A table. What is more than a value, such as a link, is drawn by the function in `cells` of that name. */
export function table(columns, rows, cells = {}, props = {}) {
  const number = ({ kind }) => FORMS[kind].number && "num";
  const head = (column) =>
    h("th", { scope: "col", class: number(column), title: column.meaning }, readable(column.title));
  const shown = (column, row) =>
    cells[column.name] ? cells[column.name](row) : FORMS[column.kind].show(row[column.name], column);
  const cell = (row) => (column, i) =>
    i
      ? h("td", { class: number(column) }, shown(column, row))
      : h("th", { scope: "row" }, shown(column, row));
  return h(
    "div",
    { class: "wide" },
    h(
      "table",
      props,
      h("thead", {}, h("tr", {}, columns.map(head))),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, columns.map(cell(row)))),
      ),
    ),
  );
}

/** What the columns mean, in a sentence for each. */
export const meanings = (columns) =>
  columns
    .filter(({ meaning }) => meaning)
    .map(
      ({ title, meaning }) => `${readable(title)}: ${readable(meaning)}${/[.?]$/.test(meaning) ? "" : "."}`,
    )
    .join(" ");
