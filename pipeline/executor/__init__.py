"""Where calls run: in processes of their own on this machine, or on an existing Dask cluster."""
