"""Wikidata and other catalogues: candidates, judgements, enrichment, conflicts."""
