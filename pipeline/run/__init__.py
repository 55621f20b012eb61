"""Races computed: one from key to published files, and many side by side, here or on a Dask cluster."""
