"""Hides how things of ours are found elsewhere, how people judge what was found, and what follows from it."""
