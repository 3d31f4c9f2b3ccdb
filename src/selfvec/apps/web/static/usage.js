// How the text uses words: collocates, a concordance, and what one part says more often than another.
import { ask, latest } from "./api.js";
import { later, toDocument } from "./documents.js";
import { bdi, choice, h, say } from "./dom.js";
import { clean, count, direction, figure, many, probability, readable } from "./format.js";
import { link } from "./state.js";

const MOST = 20; // collocates, and keywords of each side
const LINES = 50; // of a concordance
const LONGEST = 24; // letters of a word in the middle of a line
const ORDERS = { "": "order of the text", left: "words before", right: "words after", date: "date" };
const busy = () => {}; // one list is made at a time: wait for the others

/** A table; the first column is the head of its row, the others are figures. */
const figures = (heads, rows) => h("div", { class: "wide" }, h("table", { class: "figures" },
  h("thead", {}, h("tr", {}, heads.map((head, i) => h("th", { scope: "col", class: i && "num" }, head)))),
  h("tbody", {}, rows.map(([head, ...cells]) => h("tr", {}, h("th", { scope: "row" }, head), cells.map((cell) => h("td", { class: "num" }, cell)))))));

const toWord = (word) => h("a", { href: link({ word, near: "" }), class: "w" }, bdi(word));

/** The words that occur near a word, in the whole text or in each of two parts; a number leads to the sentences. */
export const collocates = (word, parts) => later("Collocates", async () => {
  const asked = parts.map((slice) => ask("collocates", { w: word, slice, top: MOST }, { busy }).catch((error) => error));
  const both = (row) => h("a", { href: link({ near: row.word }), "aria-label": `${count(row.together)} times together: sentences with ${row.word}` }, count(row.together));
  const list = (found) => (found instanceof Error ? h("p", { class: "wait" }, found.message)
    : figures(["word", "together", "of", "logDice"], found.rows.map((row) => [toWord(row.word), both(row), count(row.count), figure(row.logdice)])));
  const sides = (await Promise.all(asked)).map((found, i) => h("section", {}, parts[i] && h("h4", {}, readable(parts[i])), list(found)));
  return h("div", {}, h("p", { class: "lead" }, "Words at most five places away. logDice is 14 for two words that never occur apart."), h("div", { class: sides.length > 1 ? "sides" : "" }, sides));
});

/** Every place where a word occurs, with the text before and after it. */
export function concordance(word, about) {
  const newest = latest(), lead = h("p", { class: "lead" }), lines = h("div", {});
  const [sort, sortLabel] = choice("sorted by", Object.entries(ORDERS).filter(([name]) => about.dates || name !== "date"), () => list().catch((error) => { lead.textContent = error.message; }));
  const list = () => newest(async (signal) => {
    const found = await ask("concordance", { query: word, sort: sort.value, top: LINES }, { signal, busy });
    const more = found.hits > found.rows.length ? `; the first ${count(found.rows.length)} are shown` : "";
    lead.textContent = `${many(found.hits, "time")} in ${many(found.documents, "document")}${more}.${about.merged ? " Other forms of the word are not listed." : ""}`;
    lines.replaceChildren(found.rows.length ? inContext(found.rows) : "");
    say(many(found.hits, "time"));
  });
  return later("Concordance", async () => {
    await list();
    return h("div", {}, h("div", { class: "fields" }, sortLabel), lead, lines);
  });
}

/** Lines with the word in the middle, which leads to the document. In a script from right to left, so do the lines. */
function inContext(rows) {
  const longest = Math.max(...rows.map(({ word }) => Array.from(word).length));
  const middle = h("col", {});
  middle.style.width = `${Math.min(longest, LONGEST) + 3}ch`;
  const line = ({ id, date, left, word, right }) => h("tr", {},
    h("td", {}, h("div", { class: "before" }, clean(left))),
    h("th", { scope: "row" }, toDocument(id, bdi(word), [])),
    h("td", {}, h("div", {}, clean(right))),
    h("td", { class: "place" }, h("bdi", {}, [date, clean(id)].filter(Boolean).join(" · "))));
  return h("table", { class: "lines", dir: direction(rows[0].word) }, h("colgroup", {}, h("col", {}), middle, h("col", {}), h("col", { class: "place" })),
    h("thead", { class: "hidden" }, h("tr", {}, ["before", "word", "after", "document"].map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(line)));
}

/** The words that each of two compared parts uses more than the other. */
export const keywords = (c, [a, b]) => later(`Words that are more typical of ${readable(a)} or of ${readable(b)}`, async () => {
  const found = await ask("keyness", { c, top: MOST }, { busy });
  const side = (name, key) => [h("h4", {}, `More typical of ${readable(name)}`), figures(["word", readable(a), readable(b), "log ratio", "G²", "q"],
    found.rows.filter((row) => row.key_of === key).map((row) => [toWord(row.word), count(row.count_a), count(row.count_b), figure(row.log_ratio), row.ll.toFixed(1), probability(row.q)]))];
  return h("div", {}, h("p", {}, "A log ratio of 1 is twice as frequent in the first part, of −1 in the second; G² is the log-likelihood. ",
    "Every occurrence counts, so a word of a few documents may be significant, too."), side(a, "a"), side(b, "b"));
});
