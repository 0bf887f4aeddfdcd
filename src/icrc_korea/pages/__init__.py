"""Pages for people: the graph as HTML, the same whether served or written to files."""
