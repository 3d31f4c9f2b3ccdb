"""The commands as functions, where one does more than a function of a single room."""
