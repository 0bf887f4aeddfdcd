"""Reads, writes, sorts, asks RDF: the ground that everything stands on."""
