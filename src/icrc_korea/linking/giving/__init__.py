"""Giving back to Wikidata: what the graph could add there."""
