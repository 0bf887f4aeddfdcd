"""Asks the questions of the catalogue, with the evidence for their answers."""
