"""Reads what stands in the folders: layout, sources, claims, links."""
