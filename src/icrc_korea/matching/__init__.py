"""From a name in a table to a thing of the graph."""
