"""Asking other machines: HTTP, credentials, manners, SPARQL."""
