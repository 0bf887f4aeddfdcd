"""Prepares what the graph could add to Wikidata."""
