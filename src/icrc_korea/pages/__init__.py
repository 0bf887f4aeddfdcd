"""Makes pages for people, the same whether served or written to files."""
