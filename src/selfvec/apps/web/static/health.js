// The health of the run: findings and figures.
import { ask } from "./api.js";
import { h, waiting } from "./dom.js";
import { count, figure, many, percent } from "./format.js";
import { grid } from "./table.js";

const FIGURES = [
  ["mean_cosine_to_original", "cosine to the original", "1: no word moved", figure],
  ["anisotropy", "cosine of two random words", "near 1: all are alike", figure, "anisotropy_original"],
  [
    "effective_rank",
    "dimensions in use",
    "few: a collapse",
    (x) => count(Math.round(x)),
    "effective_rank_original",
  ],
  ["saturated", "neighbours at a cosine of about 1", "many: similarities mean little", percent],
  ["known", "words with a vector", "in the initial vectors", count],
  ["composed", "words from subwords", "their initial vectors are built from subwords", count],
  ["composed_tokens", "their share of the text", "", percent],
  ["oov", "words without an initial vector", "neither of the two", count],
  ["oov_empty", "… still without one", "nothing was learned about them", count],
  ["oov_tokens", "their share of the text", "", percent],
];

function title({ verdicts, findings }) {
  const warnings = findings.filter(({ level }) => level === "warn").length;
  if (verdicts.length) return "This run failed a check";
  return warnings ? `This run passed its checks, with ${many(warnings, "warning")}` : "This run is healthy";
}

/** The findings of the health check, and their figures. */
export class Health {
  constructor({ gain }) {
    this.element = h("div.full");
    this.gain =
      gain && gain.after > gain.before
        ? `The two halves of a document match better than ${percent(gain.after)} ` +
          `of mismatched halves (before refining: ${percent(gain.before)}).`
        : "";
  }

  async update() {
    this.show(
      await ask("health", {}, waiting(this.element, "Reading the checks", this.element.children.length)),
    );
  }

  show(found) {
    const level = { ok: "ok", warn: "warning", fail: "failed" };
    this.element.replaceChildren(
      h("h2", title(found)),
      h("p.lead", this.gain),
      h("ul.findings", [
        found.findings.map((finding) =>
          h("li", { class: finding.level }, [
            h("b", `${finding.kind} `),
            h("span.tag", level[finding.level] ?? finding.level),
            h("p", `${finding.says}.`),
            finding.remedy ? h("p", h("b", "What to do: "), `${finding.remedy}.`) : null,
          ]),
        ),
      ]),
      grid(
        [["figure"], ["before", "num"], ["after", "num"], ["meaning", "quiet"]],
        FIGURES.filter(([key]) => found[key] !== null && found[key] !== undefined).map(
          ([key, name, meaning, show, before]) => [
            name,
            before && found[before] !== null ? show(found[before]) : "",
            show(found[key]),
            meaning,
          ],
        ),
      ),
    );
  }
}
