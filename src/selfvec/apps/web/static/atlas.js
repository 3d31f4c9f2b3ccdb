// The map of all words or documents: two layouts, colours with names, and a lasso.
import { ask, charted, latest } from "./api.js";
import { toDocument } from "./documents.js";
import { bdi, choice, debounced, download, fill, h, say } from "./dom.js";
import { clean, count, direction, many, readable, share } from "./format.js";
import { WordMap } from "./map.js";
import { go, link, state } from "./state.js";

const LISTED = 200; // of a selection
const HITS = 100; // documents that a search marks
const LAYOUTS = { pacmap: "by neighbourhood (PaCMAP)", pca: "by direction (PCA)" };

/** The map, the names of its colours, and what was selected on it. */
export class Atlas {
  /** ``fixed`` is the part of the state that a map outside its own view has. */
  constructor(choose, about, alarm, fixed = {}) {
    this.newest = latest();
    this.fixed = fixed;
    this.about = about;
    this.alarm = alarm;
    this.choose = choose;
    this.lead = h("p", { class: "lead" });
    this.map = new WordMap(
      (word, i) => this.pick(word, i),
      "Map of all words; the names of colours below select words, and list them as text",
    );
    this.map.selected = (places) => this.select(places, "in the outline");
    const [of, ofLabel] = choice(
      "show",
      [["words", "words"], ...(about.has_documents && !about.kept ? [["documents", "documents"]] : [])],
      (value) => go({ of: value, only: "" }, false),
    );
    const [layout, layoutLabel] = choice("arranged", Object.entries(LAYOUTS), (value) =>
      go({ layout: value }, false),
    );
    const [colour, colourLabel] = choice("coloured by", [["topic", "topic"]], (value) =>
      go({ colour: value, only: "" }, false),
    );
    Object.assign(this, { of, layout, colour });
    this.lasso = h(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.draws(!this.map.lasso) },
      "Lasso",
    );
    const asked = debounced(250, (changes) => go(changes, false));
    this.ask = h("input", {
      type: "search",
      dir: "auto",
      maxlength: 500,
      placeholder: "any",
      oninput: () => asked({ mark: this.ask.value }),
    });
    this.legend = h("div", { class: "colours", role: "group", "aria-label": "Colours" });
    this.selection = h("section", { class: "selection", "aria-label": "Selected", hidden: true });
    this.element = h(
      "div",
      { class: "atlas" },
      h("h2", {}, "Map"),
      h(
        "div",
        { class: "fields" },
        ofLabel,
        layoutLabel,
        colourLabel,
        h("label", {}, "highlight", this.ask),
        this.lasso,
      ),
      this.lead,
      this.map.element,
      this.legend,
      this.selection,
    );
  }

  get state() {
    return { ...state, ...this.fixed };
  }

  async update() {
    const { c, of, layout } = this.state,
      key = [c, of, layout].join();
    this.of.value = of;
    this.layout.value = layout;
    fill([[this.ask, this.state.mark]]);
    if (this.key === key) {
      this.paint();
      await this.newest((signal) => this.highlight(signal));
      return;
    }
    this.key = key;
    try {
      await this.newest((signal) => this.load({ c, of, layout }, signal));
    } catch (error) {
      this.key = null;
      throw error;
    }
  }

  async load(asked, signal) {
    const { c, of, layout } = asked;
    if (!this.map.data && layout === "pacmap" && !this.about.kept) {
      await this.show({ c, of, layout: "pca" }, signal); // is faster
      await this.highlight(signal);
    }
    const note = this.map.data ? " Until then, this is another map." : "";
    const progress = (done) => {
      this.lead.textContent = `Arranging ${of} by neighbourhood: ${share(done)} done.${note}`;
    };
    await this.show(asked, signal, progress);
    const { colours } = await ask("map/colours", asked, { signal });
    this.colours = colours;
    this.colour.replaceChildren(...colours.map(({ name }) => h("option", { value: name }, name)));
    this.paint();
    await this.highlight(signal);
  }

  /** Mark what a search finds: words that contain a text, or the best documents for it. */
  async highlight(signal) {
    const asked = this.state.mark.trim(),
      { words, ids } = this.described ?? { words: [] };
    let places = [];
    if (asked && ids) {
      const { rows } = await ask("search", { query: asked, mode: this.state.mode, top: HITS }, { signal });
      const place = new Map(ids.map((id, i) => [id, i]));
      places = rows
        .flatMap(({ id, alike }) => [id, ...alike])
        .map((id) => place.get(id))
        .filter((i) => i !== undefined);
    } else if (asked)
      places = [...words.keys()].filter((i) => words[i].toLowerCase().includes(asked.toLowerCase()));
    const before = this.map.hits.size;
    this.map.hits = new Set(places);
    this.map.draw();
    if (asked || before) this.select(places, ids ? `that are best for “${asked}”` : `with “${asked}”`);
  }

  async show(asked, signal, progress) {
    const [described, places] = await charted(asked, signal, progress);
    if (!described.whole)
      this.again = setTimeout(() => {
        if (this.key === [asked.c, asked.of, asked.layout].join()) {
          this.key = null;
          this.update().catch(this.alarm);
        }
      }, 2000);
    this.described = described;
    this.map.colour(null);
    this.map.load({ ...described, layout: asked.layout }, places);
    this.selection.hidden = true;
    const what =
      asked.of === "words"
        ? many(described.words.length, "word")
        : described.documents > described.words.length
          ? `${count(described.words.length)} of ${many(described.documents, "document")}`
          : many(described.words.length, "document");
    const [across, up] = described.explained ?? [];
    const how = described.explained
      ? `on one plane, which shows ${share(across + up)} of their variance: ` +
        "far apart means dissimilar; close does not always mean similar"
      : "arranged so that neighbours stay together: near means similar, far distances mean little";
    const without = asked.of === "words" ? "Stop words and numbers are left out. " : "";
    this.lead.textContent = `${what} ${how}. ${without}Click one to read about it.`;
  }

  /** The chosen colour, and the names of its values. */
  paint() {
    const chosen = this.colours?.find(({ name }) => name === this.state.colour) ?? this.colours?.[0];
    if (!chosen || chosen.values.length === 0) {
      this.legend.replaceChildren();
      this.map.colour(null);
      return;
    }
    this.colour.value = chosen.name;
    this.map.colour(chosen);
    const sizes = new Map();
    for (const code of chosen.codes) sizes.set(code, (sizes.get(code) ?? 0) + 1);
    this.legend.replaceChildren(
      ...chosen.values
        .map((value, code) => [value, code])
        .filter(([, code]) => sizes.has(code))
        .map(([value, code]) => {
          const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
          swatch.style.background = this.map.shade(code);
          const only = this.state.only === value ? "" : value; // a second click shows all points again
          return h(
            "button",
            {
              type: "button",
              "aria-pressed": String(!only),
              onclick: () => go({ view: "map", of: this.state.of, colour: chosen.name, only }),
            },
            swatch,
            bdi(readable(value)),
            ` ${count(sizes.get(code))}`,
          );
        }),
    );
    this.single(chosen);
  }

  /** Show the points of one value of a colour only, as the address says, and list them. */
  single({ values, codes }) {
    const { only } = this.state,
      code = values.indexOf(only);
    this.map.only = code < 0 ? null : code;
    if (only === this.listed) return;
    this.listed = only;
    this.map.outline = null;
    this.select(code < 0 ? [] : [...codes.keys()].filter((i) => codes[i] === code), `of ${readable(only)}`);
  }

  /** Clear the selection. */
  clear() {
    this.map.outline = null;
    this.map.only = null;
    this.selection.hidden = true;
    go({ mark: "", only: "" }, false);
    this.map.draw();
  }

  /** The selection as a file: each point, and its value of each colour. */
  save(places) {
    const { words, ids } = this.described,
      colours = this.colours ?? [];
    const row = (i) => [
      ...(ids ? [ids[i]] : []),
      words[i],
      ...colours.map(({ values, codes }) => values[codes[i]] ?? ""),
    ];
    download(ids ? "documents.csv" : "words.csv", [
      [...(ids ? ["id", "text"] : ["word"]), ...colours.map(({ name }) => name)],
      ...places.map(row),
    ]);
  }

  draws(on) {
    this.map.lasso = on;
    this.lasso.setAttribute("aria-pressed", String(on));
    if (on) say("Draw an outline around the points to select");
  }

  select(places, why) {
    this.draws(false);
    this.selection.hidden = places.length === 0 && !this.map.outline && !this.state.mark;
    const { words, ids } = this.described,
      shown = places.slice(0, LISTED);
    const one = (i) =>
      ids
        ? h("li", { dir: direction(words[i]) }, toDocument(ids[i], clean(words[i]) || ids[i]))
        : h(
            "li",
            {},
            h("a", { class: "w", href: link({ view: "map", word: words[i], near: "" }) }, bdi(words[i])),
          );
    this.selection.replaceChildren(
      h(
        "div",
        { class: "head" },
        h("h3", {}, `${many(places.length, ids ? "document" : "word")} ${why}`),
        h(
          "button",
          { type: "button", disabled: places.length === 0, onclick: () => this.save(places) },
          "Save as CSV",
        ),
        h("button", { type: "button", onclick: () => this.clear() }, "Clear"),
      ),
      h("ul", { class: ids ? "plainlist" : "chips" }, shown.map(one)),
      places.length > LISTED
        ? h("p", { class: "quiet" }, `and ${count(places.length - LISTED)} more`)
        : h("span", {}),
    );
    if (!this.selection.hidden) this.selection.scrollIntoView({ block: "nearest" });
    say(`${places.length} selected`);
  }

  pick(word, i) {
    const { ids } = this.described;
    if (ids) go({ view: "map", of: "documents", doc: ids[i] });
    else this.choose(word);
  }
}
