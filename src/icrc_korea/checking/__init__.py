"""Checks what must hold: files, values, shapes, stores."""
