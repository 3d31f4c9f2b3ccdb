// One function draws every table whose columns the server declares: their name, title, form and meaning.
import { bdi, h } from "./dom.js";
import { clean, count, figure, percent, probability, readable } from "./format.js";
import { link } from "./state.js";

/** A link to the page of a word. */
export const toWord = (word, mark = "") =>
  h("a", { href: link({ word, near: "" }), class: `w ${mark}`.trim(), "data-word": word }, bdi(word));

/** Words with commas between them. */
export const commas = (words) => words.map((word, i) => [i ? ", " : "", bdi(word)]);

const numeric = (show) => ({ show, number: true });
const FORMS = {
  word: { show: (word) => toWord(word) },
  words: { show: commas },
  text: { show: clean },
  count: numeric((x) => count(x)),
  share: numeric(percent),
  shares: numeric(([low, high]) => `${Math.round(100 * low)}–${percent(high)}`),
  probability: numeric(probability),
  signed: numeric(figure),
  figure: numeric((x, { digits }) => (digits === 2 ? figure(x) : count(x, digits))),
};

/** A value of a row as its column says; blank if it is not known. */
const shown = (row, column) => {
  const value = row[column.name];
  return value === null || value === undefined ? "" : FORMS[column.kind].show(value, column);
};

/** The figures of a row as [head, value], without its first column and what is not known. */
export const named = (columns, row) =>
  columns
    .slice(1)
    .map((column) => [readable(column.title), shown(row, column)])
    .filter(([, text]) => text !== "");

/** Tables that are wider than their place show each row as lines, with the heads before the values. */
const fitting = new ResizeObserver((places) => {
  for (const { target } of places) {
    if (target.dataset.width === String(target.clientWidth)) continue;
    target.dataset.width = target.clientWidth;
    target.classList.remove("stacked");
    target.classList.toggle("stacked", target.scrollWidth > target.clientWidth);
  }
});

/** A table: its columns as [head, class, title], and cells in rows, of which the first names the row. */
export function grid(columns, rows, props = {}) {
  const head = ([text, kind, title]) => h("th", { scope: "col", class: kind, title }, text);
  const named = columns.map(([text]) => text?.textContent ?? text);
  const cell = (content, i) =>
    i
      ? h("td", { class: columns[i][1], "data-head": named[i] }, content)
      : h("th", { scope: "row" }, content);
  const element = h("div.wide", [
    h("table", props, [
      h("thead", h("tr", columns.map(head))),
      h("tbody", [rows.map((row) => h("tr", row.map(cell)))]),
    ]),
  ]);
  fitting.observe(element);
  return element;
}

/** Rows by declared columns. What is more than a value is drawn by the function in `cells` of that name. */
export function table(columns, rows, cells = {}, props = {}) {
  const heads = columns.map(({ title, kind, meaning }) => [
    readable(title),
    FORMS[kind].number && "num",
    meaning,
  ]);
  return grid(
    heads,
    [...rows].map((row) => columns.map((column) => cells[column.name]?.(row) ?? shown(row, column))),
    props,
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
