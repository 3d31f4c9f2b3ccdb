"""Views of results: figures, tables for the terminal, HTML for notebooks.

This module imports nothing. Drawing libraries are imported when a figure is drawn.
"""
