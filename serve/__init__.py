"""The read-only API over precomputed files. Imports only `pipeline.contract` of the pipeline."""
