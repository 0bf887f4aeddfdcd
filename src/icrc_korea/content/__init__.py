"""What stands in the folders: their layout, the sources, the claims, the links."""
