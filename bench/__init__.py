"""Benchmarks, each against a floor or a peer of the same run; they print, they never fail a test."""
