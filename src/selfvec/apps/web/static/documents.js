// Documents: their text, their best passage, sentences of them, and those that are near them by meaning.
import { ask } from "./api.js";
import { bdi, facts, h } from "./dom.js";
import { clean, count, direction, figure, many } from "./format.js";
import { link, state } from "./state.js";

const HEADING = 9; // words

/** A part that is asked for when it is first opened. */
export function later(title, content) {
  const element = h(
    "details",
    {
      ontoggle: async () => {
        if (!element.open || element.children.length > 1) return;
        const place = h("p.wait", "Reading …");
        element.append(place);
        place.replaceWith(await content().catch((error) => h("p.wait", error.message)));
      },
    },
    [h("summary", title)],
  );
  return element;
}

/** The documents nearest to one. */
const similar = (id) =>
  later("Similar documents", async () => {
    const { rows, alike } = await ask("similar", { document: id });
    const item = (hit) =>
      h("li", [
        toDocument(hit.id, heading(hit), hit.passage),
        h("span.times", ` ${figure(hit.score)}`),
        snippet(hit),
      ]);
    return h("div", [
      alike.length ? h("p.lead", `${many(alike.length, "further document")} with the same text.`) : null,
      rows.length ? h("ol.found", rows.map(item)) : h("p.wait", "No other document is near."),
    ]);
  });

/** The title of a document or, without one, the first words of the first sentence of its best passage. */
export function heading({ title, text, passage = [0] }) {
  const words = (text.split(/(?<=[.!?。！？])\s+|\n+/u).find(said) ?? text).split(/\s+/).filter(Boolean);
  return h("bdi", [
    clean(
      title ??
        (passage[0] ? "… " : "") + words.slice(0, HEADING).join(" ") + (words.length > HEADING ? " …" : ""),
    ),
  ]);
}

/**
 * Whether a line is a sentence, not a number, a date or a heading in capital letters: four words of more than
 * a letter.
 */
const said = (line) =>
  (line !== line.toUpperCase() && (line.match(/\p{L}{2,}/gu) ?? []).length >= 4) || /\p{Lo}{6}/u.test(line);

/** A link to a document, or to a passage of it: where it begins and ends. */
export const toDocument = (id, content, passage = []) =>
  h("a", { href: link({ view: state.view === "map" ? "map" : "texts", doc: id, at: passage.join("-") }) }, [
    content,
  ]);

/** The text of a document, with a passage marked: where it begins and ends, in code points. */
function wholeText(text, at = "") {
  const [start, end] = at.split("-").map(Number),
    letters = Array.from(text);
  const part = (from, to) => letters.slice(from, to).join("").split(/\r?\n/).map(clean).join("\n");
  const parts = end > start ? [part(0, start), h("mark.passage", part(start, end)), part(end)] : [part(0)];
  return h("p.whole", { dir: direction(text) }, parts);
}

/** A document, whole; it opens at a passage. */
export async function documentPage(id, at = "") {
  const found = await ask("document", { id });
  const fields = [["id", id], ["date", found.date], ...Object.entries(found.fields)];
  const fact = ([n, v]) => ([null, ""].includes(v) ? [] : [[bdi(n), bdi([v].flat().join(", "))]]);
  const text = wholeText(found.text, at);
  requestAnimationFrame(() => text.querySelector(".passage")?.scrollIntoView({ block: "center" }));
  return h("div", [
    h("a.back", { href: link({ doc: "", at: "" }) }, "← Back"),
    h("h2.title", heading(found)),
    facts(fields.flatMap(fact)),
    text,
    similar(id),
  ]);
}

/** The best passage, with its matches marked. Places count code points, not UTF-16 units. */
export function snippet(hit) {
  const letters = Array.from(hit.snippet),
    text = (start, end) => letters.slice(start, end).join("");
  const ends = [0, ...hit.marks.map(({ end }) => end)];
  const tokens = hit.marks.flatMap(({ start, end, kind }, i) => [
    [text(ends[i], start)],
    [text(start, end), kind === "related" ? "came" : "self"],
  ]);
  return h("p.snippet", { dir: direction(hit.snippet) }, marked([...tokens, [text(ends.at(-1))]]));
}

/** A text in pieces, of which some have a mark. */
const marked = (tokens) =>
  tokens.map(([text, mark]) => (mark ? h("mark", { class: mark }, clean(text)) : clean(text)));

/** A list of sentences with marked words, which lead to their documents if these can be opened. */
export function quotes(uses) {
  if (!uses.length) return h("p.wait", "No sentence to show.");
  const opens = !document.body.classList.contains("textless");
  const item = ({ tokens, cut = [], date, slice, id, document: number }) => {
    const where = [date, slice, id === undefined ? `document ${count(number + 1)}` : clean(id)];
    const source = where.filter(Boolean).join(" · ");
    return h("li", [
      h("q", { dir: direction(tokens.map(([word]) => word).join("")) }, [
        cut[0] ? "… " : "",
        marked(tokens),
        cut[1] ? " …" : "",
      ]),
      h("cite.place", opens && id !== undefined ? toDocument(id, source) : source),
    ]);
  };
  return h("ul.quotes", uses.map(item));
}
