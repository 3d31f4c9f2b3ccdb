"""A run as tools for an AI assistant, over the Model Context Protocol: ``selfvec mcp RUN``.

The assistant can search the documents, see which words are near a word before and after refining, how the
meaning of a word changed, and which sense a word has in a sentence.
"""
