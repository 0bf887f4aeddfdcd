"""Infers what follows, with a proof for each statement."""
