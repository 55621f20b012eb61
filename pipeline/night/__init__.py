"""Runs without a person: what is due and why, how it went, whom to tell, and whether it would work here."""
