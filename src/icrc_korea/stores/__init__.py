"""Brings the graph into other people's triple stores; verifies, asks, reasons there."""
