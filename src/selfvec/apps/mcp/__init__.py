"""A run as tools for an AI assistant, over the Model Context Protocol: ``selfvec mcp RUN``.

The assistant can search the documents, and see the neighbours of a word before and after refinement, how the
meaning of a word changed, and which sense a word has in a sentence.
"""
