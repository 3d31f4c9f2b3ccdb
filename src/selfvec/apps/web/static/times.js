// Words and topics over time.
import { ask, latest } from "./api.js";
import { lines } from "./chart.js";
import { bdi, h, say } from "./dom.js";
import { choice, debounced, fill } from "./fields.js";
import { clean, many, share } from "./format.js";
import { go, state } from "./state.js";

const SMOOTHED = [1, 3, 5, 9]; // periods in the mean of a point

/** Rates of counts among totals, each over the periods around it. */
export function rates(counts, totals, wide) {
  const sum = (list, i) => list.slice(Math.max(0, i - (wide - 1) / 2), i + (wide + 1) / 2).reduce((a, b) => a + b, 0);
  return counts.map((_, i) => sum(counts, i) / Math.max(1, sum(totals, i)));
}

export class Times {
  constructor(about, overview) {
    this.newest = latest();
    this.about = about;
    this.first = overview.words.slice(0, 3).map(([word]) => word).join(" ");
    const asked = debounced(300, (changes) => go(changes, false));
    const units = [["", "default"], ...about.units.map((unit) => [unit, unit])];
    const smoothed = SMOOTHED.map((n) => (n === 1 ? ["", "one period"] : [String(n), `${n} periods`]));
    const [unit, unitLabel] = choice("by", units, (value) => asked({ unit: value }, 0));
    const [smooth, smoothLabel] = choice("smoothed over", smoothed, (value) => asked({ smooth: value }, 0));
    Object.assign(this, { unit, smooth });
    this.words = h("input", { type: "search", dir: "auto", maxlength: 400, placeholder: this.first, autocapitalize: "none", spellcheck: "false", oninput: () => asked({ words: this.words.value }) });
    this.note = h("p", { class: "lead" });
    this.chart = h("div", {});
    this.topics = h("div", {});
    this.element = h("div", { class: "full" }, h("h2", {}, "Over time"),
      h("div", { class: "fields" }, h("label", { class: "wide-field" }, "words", this.words), unitLabel, smoothLabel),
      this.note, this.chart, h("h3", {}, "Topics"), this.topics);
  }

  async update() {
    fill([[this.words, state.words]]);
    this.unit.value = state.unit;
    this.smooth.value = state.smooth;
    return this.newest(async (signal) => { await this.draw(signal); await this.group(signal); });
  }

  /** The lines of the words. */
  async draw(signal) {
    const words = [...new Set((state.words || this.first).split(/[\s,;]+/).filter(Boolean))].slice(0, 12), wide = Number(state.smooth) || 1;
    const answers = await Promise.all(words.map((w) => ask("time", { w, unit: state.unit }, { signal }).catch((error) => { if (error.status !== 404) throw error; return { word: w, time: null }; })));
    const known = answers.filter(({ time }) => time), missing = answers.filter(({ time }) => !time);
    this.note.replaceChildren(...(missing.length ? ["Not in this text: ", ...missing.flatMap(({ word }, i) => [i ? ", " : "", bdi(word)]), "."] : []));
    if (!known.length || known[0].time.length < 2) { this.chart.replaceChildren(h("p", { class: "wait" }, known.length ? "The text has no dates." : "")); return; }
    const series = known.map(({ word, time }) => ({ name: clean(word), values: rates(time.map((part) => part.count), time.map((part) => part.tokens), wide).map((rate) => 10000 * rate) }));
    this.chart.replaceChildren(lines(known[0].time.map(({ name }) => name), series, "Occurrences in 10,000 words", (x) => x.toFixed(1)));
    say(`${many(series.length, "word")} over time`);
  }

  /** The lines of the topics. */
  async group(signal) {
    const progress = (done) => this.topics.replaceChildren(h("p", { class: "wait" }, `Finding topics: ${share(done)} done.`));
    const found = await ask("topics", { unit: state.unit }, { signal, progress });
    if (!found.topics.length || found.periods.length < 2) { this.topics.replaceChildren(h("p", { class: "wait" }, "The text has no dates, or too few words for topics.")); return; }
    const totals = found.periods.map(({ documents }) => documents), wide = Number(state.smooth) || 1;
    const series = found.topics.map(({ name, counts }) => ({ name: clean(name), values: rates(counts, totals, wide) }));
    this.topics.replaceChildren(lines(found.periods.map(({ name }) => name), series, "Share of the documents of each period", share));
  }
}
