"""Subsidies: facts of work done × the policies that a city wrote → statements in whole fen (docs/subsidies.md)."""
