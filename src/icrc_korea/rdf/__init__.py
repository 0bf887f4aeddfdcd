"""RDF and SPARQL as such: terms, reading, writing, sorting, queries, answers, dates."""
