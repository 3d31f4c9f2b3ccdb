// How the text uses words: collocates, a concordance, and what one part says more often than another.
import { ask, latest } from "./api.js";
import { later, toDocument } from "./documents.js";
import { bdi, h, say } from "./dom.js";
import { clean, count, direction, many, readable } from "./format.js";
import { Fields, findings } from "./list.js";
import { filters, link } from "./state.js";
import { meanings, table } from "./table.js";

const MOST = 20; // collocates, and keywords of each side
const LINES = 50; // of a concordance
const LONGEST = 24; // letters of a word in the middle of a line
const CHANCE = 0.05; // q of a keyword, at most
const ORDERS = {
  "": "order of the text",
  left: "words before",
  right: "words after",
  "1R,2R,1L": "two after, one before",
  "1L,2L,1R": "two before, one after",
  date: "date",
};
const MEASURES = { logdice: "logDice", mi: "MI", mi3: "MI³", t: "t", z: "z", ll: "LL", delta_p: "ΔP" };
const WINDOWS = {
  "5L5R": "five on each side", // not 5: keys that are numbers would be put in order
  "1L1R": "one on each side",
  "3L0R": "three before",
  "0L3R": "three after",
};
const FORMS = { "": "in any case", case: "capitals as written", lemma: "all forms" };
const WITHIN = { document: "across sentences", sentence: "within sentences" };
const COMPANY = {
  window: { label: "words", options: WINDOWS },
  within: { label: "windows", options: WITHIN },
  measure: { label: "ordered by", options: MEASURES },
};
const LENGTHS = { 2: "two", 3: "three", 4: "four", 5: "five", 6: "six" };
const UNITS = { word: "words", lemma: "lemmas", pos: "parts of speech" };
/** How like is compared with like, as on the command line; the first of each is a command's default. */
export const MIXES = { "": "equal", raw: "raw: all documents" };
export const VARIANTS = { "": "as written", auto: "auto: each pair as one word" };
const COUNTED_MIXES = { "": "raw: all documents", equal: "equal" };
const busy = () => {}; // one list is made at a time: wait for the others

const list = (columns, rows, cells) => table(columns, rows, cells, { class: "figures" });

/** The words that occur near a word, in the text or in each of two parts; a number leads to the sentences. */
export const collocates = (word, parts) =>
  asking("Collocates", COMPANY, async (chosen) => {
    const asked = parts.map((slice) =>
      ask("collocates", { w: word, slice, filter: filters(), top: MOST, ...chosen }, { busy }).catch(
        (error) => error,
      ),
    );
    const together = (row) => {
      const said = `${count(row.together)} times together: sentences with ${row.word}`;
      return h("a", { href: link({ near: row.word }), "aria-label": said }, count(row.together));
    };
    const found = await Promise.all(asked);
    const sides = found.map((side, i) =>
      h("section", [
        parts[i] && h("h4", readable(parts[i])),
        side instanceof Error ? h("p.wait", side.message) : list(side.columns, side.rows, { together }),
      ]),
    );
    const columns = found.find((side) => side.columns)?.columns ?? [];
    return h("div", [
      h("p.lead", meanings(columns), notes(found[0])),
      h("div", { class: sides.length > 1 ? "sides" : "" }, sides),
    ]);
  });

/** A part that is asked for when it is opened, and again when another choice is made, or text entered. */
const asking = (title, declared, content) =>
  later(title, async () => {
    const newest = latest(),
      place = h("div"),
      fields = new Fields(declared, () => show());
    const show = () =>
      newest(async (signal) => {
        const shown = await content(fields.values, fields).catch((error) => h("p.wait", error.message));
        if (!signal.aborted) place.replaceChildren(shown);
      });
    await show();
    return h("div", fields.element, place);
  });

/** Which words were counted, in sentences. */
const notes = (found) => (found?.counted ?? []).map((note) => ` ${note}`);

/** How often words occur, and how varied they are. */
export const frequencies = () =>
  asking("Frequent words", { unit: { label: "count", options: UNITS } }, async (chosen) => {
    const found = await ask("frequency", { ...chosen, filter: filters(), top: LINES }, { busy });
    const varied = found.sttr === null ? "" : ` Type–token ratio: ${found.sttr.toFixed(3)}.`;
    return h("div", [
      h("p.lead", `${count(found.tokens)} words, ${count(found.types)} different.${varied}`, notes(found)),
      list(found.columns, found.rows, found.unit === "word" ? {} : { word: (row) => bdi(row.word) }),
    ]);
  });

/** The sequences of words that recur. */
export const sequences = () =>
  asking("Sequences of words that recur", { n: { label: "words", options: LENGTHS } }, async (chosen) => {
    const found = await ask("ngrams", { ...chosen, filter: filters(), top: LINES }, { busy });
    return h("div", [
      h("p.lead", `${count(found.ngrams)} that occur twice or more.`, notes(found)),
      list(found.columns, found.rows, { ngram: (row) => bdi(row.ngram) }),
    ]);
  });

/** Every place where a word, phrase or pattern occurs, with the text before and after it. */
export function concordance(word, about, parts) {
  const { date, ...orders } = ORDERS;
  // A Map, since an object would put years before its other keys.
  const within = new Map([["", "the whole text"], ...parts.map((part) => [part, readable(part)])]);
  const declared = {
    query: { label: "word, phrase or pattern", value: word, late: true, wide: true, maxlength: 200 },
    sort: { label: "sorted by", options: about.dates ? { ...orders, date } : orders },
    forms: { label: "forms", options: FORMS },
    lines: { label: "lines", options: { "": "the first", sample: "at random" } },
    slice: parts.length > 1 && { label: "in", options: within },
  };
  return asking("Concordance", declared, async ({ query, forms, lines, ...chosen }) => {
    const asked = { query: query || word, ...chosen, filter: filters(), top: LINES, sample: lines && LINES };
    if (forms) asked[forms] = true;
    const found = await ask("concordance", asked, { busy });
    const shown = found.rows.length;
    const which = lines ? `${count(shown)} at random` : `the first ${count(shown)}`;
    const more = found.hits > shown ? `; ${which} are shown` : "";
    const merged = about.merged && !forms ? " Other forms of the word are not listed." : "";
    say(many(found.hits, "time"));
    return h("div", [
      h("p.lead", `${many(found.hits, "time")} in ${many(found.documents, "document")}${more}.${merged}`),
      shown ? inContext(found.rows) : "",
    ]);
  });
}

/** Lines with the word in the middle, which leads to the document; from right to left in such a script. */
function inContext(rows) {
  const longest = Math.max(...rows.map(({ word }) => Array.from(word).length));
  const width = `${Math.min(longest, LONGEST) + 3}ch`;
  const line = ({ id, date, left, word, right }) =>
    h("tr", [
      h("td", h("div.before", clean(left))),
      h("th", { scope: "row" }, toDocument(id, bdi(word), [])),
      h("td", h("div", clean(right))),
      h("td.place", h("bdi", [date, clean(id)].filter(Boolean).join(" · "))),
    ]);
  const heads = ["before", "word", "after", "document"].map((head) => h("th", { scope: "col" }, head));
  return h("table.concordance", { dir: direction(rows[0].word) }, [
    h("colgroup", h("col"), h("col", { style: { width } }), h("col"), h("col.place")),
    h("thead.hidden", h("tr", heads)),
    h("tbody", rows.map(line)),
  ]);
}

/** The words that each of two compared parts uses more than the other. */
export const keywords = (c, [a, b]) =>
  asking(
    `Words that are more typical of ${readable(a)} or of ${readable(b)}`,
    { mix: { label: "mix", options: COUNTED_MIXES }, variants: { label: "variants", options: VARIANTS } },
    async (chosen, fields) => {
      const found = await ask("keyness", { c, top: MOST, ...chosen }, { busy });
      const side = (name, key) => {
        const rows = found.rows.filter((row) => row.key_of === key && row.q <= CHANCE);
        return [
          h("h3", `More typical of ${readable(name)}`),
          rows.length === 0 ? h("p.wait", "No word.") : list(found.columns, rows),
        ];
      };
      const said = found.findings.filter(({ kind }) => kind !== "word"); // which the lists below show
      return h("div", [
        findings(said, fields),
        h("p", `${meanings(found.columns)} Words have q ≤ .05: documents, not occurrences, are counted.`),
        side(a, "a"),
        side(b, "b"),
      ]);
    },
  );
