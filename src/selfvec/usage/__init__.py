"""How words are used: contexts of a word, vectors of uses, example sentences."""
