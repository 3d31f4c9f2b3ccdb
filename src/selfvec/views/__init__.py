"""Views of results: figures, tables for the terminal, HTML for notebooks.

Nothing is imported here. Drawing libraries are imported when something is drawn.
"""
