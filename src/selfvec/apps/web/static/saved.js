// The documents that a saved page holds: found by their words, listed and read. Answers have the shape of the
// server's.
const [K1, B, LEAD] = [1.2, 0.75, [5, 20]]; // of BM25, and words said first, as in selfvec search
const LONGEST = 300; // letters of a snippet
const BEGINNING = 400; // letters in the list of documents
const VALUES = 8; // of a field, those that most documents have
// Of scripts without blanks, each letter.
const WORD = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}\p{M}]+/gu;
const wordsOf = (text) => text.toLowerCase().match(WORD) ?? [];
const ORDERS = {
  number: () => 0,
  newest: (a, b) => (b.date ?? "").localeCompare(a.date ?? ""),
  oldest: (a, b) => (a.date ?? "~").localeCompare(b.date ?? "~"),
  longest: (a, b) => b.text.length - a.text.length,
  shortest: (a, b) => a.text.length - b.text.length,
};

export class Documents {
  constructor(rows, spans) {
    Object.assign(this, { rows, spans });
    this.counts = new Map(); // of a word: what it counts in each document that has it
    rows.forEach((row, i) => {
      const words = wordsOf(row.text);
      row.words = row.text.split(/\s+/u).filter(Boolean).length;
      row.terms = words.length;
      words.forEach((word, place) => {
        if (!this.counts.has(word)) this.counts.set(word, new Map());
        const texts = this.counts.get(word),
          own = texts.get(i) ?? { n: 0, times: 1 + LEAD.filter((few) => place < few).length };
        texts.set(i, { ...own, n: own.n + own.times });
      });
    });
    this.mean = rows.reduce((sum, row) => sum + row.terms, 0) / Math.max(rows.length, 1) || 1;
    this.names = [...new Set(rows.flatMap((row) => Object.keys(row.fields)))];
  }

  document({ id }) {
    return this.rows.find((row) => row.id === id);
  }

  documents({ sort = "number", filter, offset = 0, limit = 50 }) {
    const order = this.passing(filter).sort(ORDERS[sort]);
    return {
      total: order.length,
      filter_names: this.names,
      rows: order
        .slice(offset, offset + limit)
        .map((row) => ({ ...row, text: row.text.slice(0, BEGINNING) })),
    };
  }

  search({ query, top, filter: filters }) {
    const asked = [...new Set(wordsOf(query))],
      passing = new Set(this.passing(filters)),
      scores = new Map();
    for (const word of asked) {
      const places = this.counts.get(word) ?? new Map(),
        idf = Math.log(1 + (this.rows.length - places.size + 0.5) / (places.size + 0.5));
      for (const [i, { n }] of places)
        scores.set(
          i,
          (scores.get(i) ?? 0) + (idf * n) / (n + K1 * (1 - B + (B * this.rows[i].terms) / this.mean)),
        );
    }
    const found = [...scores]
      .filter(([i]) => passing.has(this.rows[i]))
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, top);
    return {
      filter_names: this.names,
      first: [],
      notes: [],
      unknown: asked.filter((word) => !this.counts.has(word)),
      rows: found.map(([i, score]) => ({
        ...this.rows[i],
        score,
        title: this.rows[i].fields.title,
        alike: [],
        ...excerpt(this.rows[i].text, new Set(asked)),
      })),
    };
  }

  facets({ query, filter: filters }) {
    const asked = wordsOf(query),
      places = asked.flatMap((word) => [...(this.counts.get(word) ?? new Map()).keys()]),
      having = new Set(asked.length ? places.map((i) => this.rows[i]) : this.rows);
    const passing = (wanted) => this.passing(wanted).filter((row) => having.has(row));
    const facet = (name, bars, counts) => {
      const values = [...counts].map(([value, n]) => ({ value, count: n, filter: `${name}=${value}` }));
      const shown = bars ? values : values.sort((a, b) => b.count - a.count).slice(0, VALUES),
        more = values.length - shown.length;
      return { name, bars, type: bars && "day", values: shown, more, range: [] };
    };
    const but = (name) => passing(filters.filter((text) => !text.startsWith(`${name}=`)));
    const counts = (name) => {
      const found = new Map();
      for (const { fields } of but(name))
        if (fields[name]) found.set(fields[name], (found.get(fields[name]) ?? 0) + 1);
      return found;
    };
    const sorts = (name) => {
      const { size } = new Set(this.rows.map((row) => row.fields[name]));
      return size > 1 && size <= this.rows.length / 2;
    };
    const dated = but("date").filter(({ date }) => date);
    const spans = this.spans.map((name) => [name, dated.filter(({ date }) => within(date, name)).length]);
    return {
      found: passing(filters).length,
      documents: this.rows.length,
      words: null,
      fields: [
        ...(dated.length ? [facet("date", true, spans)] : []),
        ...this.names.filter(sorts).map((name) => facet(name, false, counts(name))),
      ],
    };
  }

  /** The documents that pass all filters; those of one field are alternatives. */
  passing(filters = []) {
    const pairs = filters.map((text) => [
      text.slice(0, text.indexOf("=")).trim(),
      text.slice(text.indexOf("=") + 1).trim(),
    ]);
    const passes = (row, name, value) =>
      name === "date"
        ? within(row.date ?? "", value)
        : (row.fields[name] ?? "").toLowerCase() === value.toLowerCase();
    return this.rows.filter((row) =>
      pairs.every(([name]) => pairs.some(([other, value]) => other === name && passes(row, name, value))),
    );
  }
}

/** Whether a day is in a period: 2004, 2004-05 or 1996..1998. */
function within(date, period) {
  const ends = period.split(".."),
    [from, to] = [ends[0], ends.at(-1)];
  return date !== "" && date.slice(0, from.length) >= from && (to === "" || date.slice(0, to.length) <= to);
}

/** The sentence that has most words of a question, and what follows it; places count code points. */
function excerpt(text, asked) {
  const known = (part) => new Set(wordsOf(part).filter((word) => asked.has(word))).size;
  const sentences = [...text.matchAll(/[^\n]*?(?:[.!?](?=\s)|[。！？]|\n|$)\s*/gu)].filter(([said]) =>
    said.trim(),
  );
  const best = sentences.reduce(
    (most, one) => (known(one[0]) > known(most[0]) ? one : most),
    sentences[0] ?? { 0: text, index: 0 },
  );
  const letters = Array.from(text.slice(best.index)),
    snippet = letters
      .slice(0, LONGEST)
      .join("")
      .replace(/\s+\S*$/u, (end) => (letters.length > LONGEST ? "" : end));
  const start = Array.from(text.slice(0, best.index)).length;
  const marks = [...snippet.matchAll(WORD)]
    .filter(([word]) => asked.has(word.toLowerCase()))
    .map(({ 0: word, index }) => {
      const first = Array.from(snippet.slice(0, index)).length;
      return { start: first, end: first + Array.from(word).length, kind: "match" };
    });
  return { snippet, marks, passage: [start, start + Array.from(snippet).length] };
}
