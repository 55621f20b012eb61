"""Measurements: of the pipeline `python -m bench`, of the server `python -m bench.serve`."""
