// Documents: their text, their best passage, sentences of them, and those that are near them by meaning.
import { ask, SAVED } from "./api.js";
import { bdi, h } from "./dom.js";
import { clean, count, direction, many } from "./format.js";
import { link, state } from "./state.js";

const HEADING = 9; // words

/** A part that is asked for when it is first opened. */
export function later(title, content) {
  const element = h(
    "details",
    {
      ontoggle: async () => {
        if (!element.open || element.children.length > 1) return;
        const place = h("p.wait", "Please wait …");
        element.append(place);
        place.replaceWith(await content().catch((error) => h("p.wait", error.message)));
      },
    },
    [h("summary", title)],
  );
  return element;
}

/** The documents nearest to one; ``item`` makes the list item of a hit. */
export const similar = (id, item) =>
  SAVED
    ? null
    : later("Similar documents", async () => {
        const { rows, alike } = await ask("similar", { document: id });
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
  h(
    "a",
    {
      href: link({
        view: state.view === "map" ? "map" : "documents",
        of: "documents",
        doc: id,
        at: passage.join("-"),
        word: "",
      }),
    },
    [content],
  );

/** The text of a document; what a hit matches is marked wherever it stands, and so is a passage. */
export function wholeText({ text }, { snippet = "", marks = [], at = "" } = {}) {
  const [start, end] = at.split("-").map(Number);
  if (end > start) {
    const letters = Array.from(text),
      part = (from, to) => letters.slice(from, to).join("").split(/\r?\n/).map(clean).join("\n");
    return h("p.whole", { dir: direction(text) }, [
      part(0, start),
      h("mark.passage", part(start, end)),
      part(end),
    ]);
  }
  const letters = Array.from(snippet),
    words = marks
      .filter(({ kind }) => kind === "match")
      .map(({ start, end }) => letters.slice(start, end).join(""));
  const plain = [...new Set(words)]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = plain.length
    ? text.split(new RegExp(`(?<![\\p{L}\\p{N}])(${plain.join("|")})(?![\\p{L}\\p{N}])`, "giu"))
    : [text];
  const lines = (part) => part.split(/\r?\n/).map(clean).join("\n");
  return h("p.whole", { dir: direction(text) }, [
    parts.map((part, i) => (i % 2 ? h("mark.self", lines(part)) : lines(part))),
  ]);
}

/** The best passage, with its matches marked. Places count code points, not UTF-16 units. */
export function snippet(hit) {
  const letters = Array.from(hit.snippet),
    parts = [];
  let end = 0;
  for (const mark of hit.marks) {
    parts.push(
      clean(letters.slice(end, mark.start).join("")),
      h(
        "mark",
        {
          class: mark.kind === "related" ? "came" : "self",
          title: mark.kind === "match" ? undefined : `for ${mark.query}`,
        },
        [clean(letters.slice(mark.start, mark.end).join(""))],
      ),
    );
    end = mark.end;
  }
  parts.push(clean(letters.slice(end).join("")));
  return h("p.snippet", { dir: direction(hit.snippet) }, parts);
}

/** A list of sentences with marked words. */
export function quotes(uses) {
  if (!uses.length) return h("p.wait", "No sentence to show.");
  return h("ul.quotes", [
    uses.map((use) =>
      h("li", [
        h("q", { dir: direction(use.tokens.map(([word]) => word).join("")) }, [
          use.cut[0] ? "… " : "",
          use.tokens.map(([word, mark]) => (mark ? h("mark", { class: mark }, bdi(word)) : clean(word))),
          use.cut[1] ? " …" : "",
        ]),
        h("span.place", [
          [use.date, use.slice, use.id === undefined ? `document ${count(use.document + 1)}` : clean(use.id)]
            .filter(Boolean)
            .join(" · "),
        ]),
      ]),
    ),
  ]);
}
