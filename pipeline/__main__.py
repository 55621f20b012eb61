"""`python -m pipeline` is `f1-precompute`."""

from pipeline.cli.main import main

main(prog_name="f1-precompute")
