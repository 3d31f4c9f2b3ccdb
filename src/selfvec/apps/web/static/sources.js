// What a vector is based on, in words.

export const SOURCES = {
  known: "the initial vectors", subwords: "subwords", random: "a random direction",
  context: "the words around it", mixed: "the words around it and similar spellings", none: "nothing",
};
