"""The questions of the catalogue, and the evidence for their answers."""
