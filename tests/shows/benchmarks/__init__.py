"""Benchmarks against the tools that people would use instead: `make bench` writes docs/benchmarks.md."""
