"""coldstart: read-only cold-start readiness, from a YAML baseline to one verdict."""

__version__ = "0.1.0"
