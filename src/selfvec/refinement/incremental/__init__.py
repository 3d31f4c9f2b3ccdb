"""Runs that change: update them with new documents, withdraw documents, merge runs."""
