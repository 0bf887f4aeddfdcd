"""The graph over HTTP, and its handbook."""
