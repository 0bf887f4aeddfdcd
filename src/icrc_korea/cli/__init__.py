"""Runs the command line: one module per family of verbs."""
