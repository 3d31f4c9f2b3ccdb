"""Adapt static word and token vectors to your own text."""

__version__ = "0.1.0"
