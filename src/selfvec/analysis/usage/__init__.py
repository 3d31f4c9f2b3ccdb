"""Occurrences of words in context: their neighbours, their vectors, example sentences."""
