"""Precomputed Formula 1 race telemetry: an offline batch pipeline from fastf1 to published files."""

__version__ = "0.2.0"
