"""Looking at a run: figures of how words moved, and tables for the terminal.

Nothing is imported here: matplotlib, plotly and rich are only loaded by what draws with them.
"""
