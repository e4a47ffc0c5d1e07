"""Arithmetic on results: figures, where profit came from, what luck could have done. Nothing is read or written."""
