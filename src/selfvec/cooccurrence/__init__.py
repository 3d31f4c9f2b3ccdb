"""Co-occurrence: sums of the rows of neighbouring words, by scanning the text, and exact counts."""
