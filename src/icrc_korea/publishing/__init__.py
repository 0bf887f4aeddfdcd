"""Writes the graph as files: exports, packages, pictures."""
