"""How fast, against what: `make bench`, or `python -m benchmarks [PATH…]`.

Each path (paths.py lists them) has rows, of which each is measured by itself: a server on one core, the load
on another. docs/benchmarks.md tells how to read the figures and how to add a row.
"""
