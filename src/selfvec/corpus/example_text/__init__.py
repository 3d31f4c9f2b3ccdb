"""The example text: storm reports that a seeded generator writes."""

from .generator import example, planted, reports

__all__ = ["example", "planted", "reports"]
