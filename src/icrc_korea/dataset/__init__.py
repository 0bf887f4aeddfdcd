"""Makes the built graph from the files, keeps it, looks things up in it."""
