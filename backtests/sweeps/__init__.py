"""Grids of settings around a variant, run on the compiled ledger. See docs/sweep.md."""
