// Documents: their text, their best passage, and those that are near them by meaning.
import { ask } from "./api.js";
import { h } from "./dom.js";
import { clean, direction, many } from "./format.js";
import { link } from "./state.js";

const HEADING = 9; // words

/** A part that is asked for when it is first opened. */
export function later(title, content) {
  const element = h("details", { ontoggle: async () => {
    if (!element.open || element.children.length > 1) return;
    const place = h("p", { class: "wait" }, "Please wait …");
    element.append(place);
    place.replaceWith(await content().catch((error) => h("p", { class: "wait" }, error.message)));
  } }, h("summary", {}, title));
  return element;
}

/** The documents nearest to one; ``item`` makes the list item of a hit. */
export const similar = (id, item) => later("Similar documents", async () => {
  const { rows, alike } = await ask("similar", { document: id });
  return h("div", {}, alike.length ? h("p", { class: "lead" }, `${many(alike.length, "further document")} with the same text.`) : null,
    rows.length ? h("ol", { class: "found" }, rows.map(item)) : h("p", { class: "wait" }, "No other document is near."));
});

/** The title of a document or, without one, the first words of its best passage. */
export function heading({ title, text, passage = [0] }) {
  const words = text.split(/\s+/).filter(Boolean);
  return h("bdi", {}, clean(title ?? (passage[0] ? "… " : "") + words.slice(0, HEADING).join(" ") + (words.length > HEADING ? " …" : "")));
}

/** A link to a document. */
export const toDocument = (id, ...content) => h("a", { href: link({ view: "map", of: "documents", doc: id, word: "" }) }, ...content);

/** The text of a document. */
export const wholeText = ({ text }) => h("p", { class: "whole", dir: direction(text) }, clean(text));

/** The best passage, with its matches marked. Places count code points, not UTF-16 units. */
export function snippet(hit) {
  const letters = Array.from(hit.snippet), parts = [];
  let end = 0;
  for (const mark of hit.marks) {
    parts.push(clean(letters.slice(end, mark.start).join("")), h("mark", { class: mark.kind === "related" ? "came" : "self", title: mark.kind === "match" ? undefined : `for ${mark.query}` }, clean(letters.slice(mark.start, mark.end).join(""))));
    end = mark.end;
  }
  parts.push(clean(letters.slice(end).join("")));
  return h("p", { class: "snippet", dir: direction(hit.snippet) }, parts);
}
