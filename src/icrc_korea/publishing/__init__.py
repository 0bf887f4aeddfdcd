"""The graph as files: exports, packages, pictures."""
