"""Sentence encoders: whatever turns a text into a vector, under one contract, `SentenceEncoder`."""
