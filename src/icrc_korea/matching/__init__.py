"""Finds the thing of the graph that a name in a table stands for."""
