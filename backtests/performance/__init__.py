"""Arithmetic on results: figures, where profit came from, whether it is significant. Nothing is read or written."""
