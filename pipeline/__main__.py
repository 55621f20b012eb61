"""`python -m pipeline` is `f1-precompute`."""

from pipeline.cli import main

main(prog_name="f1-precompute")
