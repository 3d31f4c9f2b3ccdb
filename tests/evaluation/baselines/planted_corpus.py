"""Two topics that share no word but the glue."""

TOPICS = (["hail", "wind", "gust", "storm", "roof", "tree"], ["cash", "loan", "bank", "rent", "fund", "bill"])
GLUE = ["the", "of", "and"]
