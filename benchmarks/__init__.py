"""How fast, against what: `make bench`, or `python -m benchmarks [intake|fanout|reads]`.

Each path (intake.py, fanout.py, reads.py) lists its rows and measures one of them: a server in a
process of its own on one core, the load on another. docs/benchmarks.md tells how to read the figures
and how to add a row.
"""
