"""Asks other machines, when the user asked for it."""
