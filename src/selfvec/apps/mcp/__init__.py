"""A run as tools for an assistant, by the Model Context Protocol: ``selfvec mcp RUN``.

The assistant learns the corpus's own vocabulary: it searches the documents, sees what is near a word before
and after refining, how a word's meaning changed, and which of its senses a sentence has.
"""
