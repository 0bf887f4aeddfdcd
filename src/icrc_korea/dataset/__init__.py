"""The built graph: made from the files, kept on disk, looked up."""
