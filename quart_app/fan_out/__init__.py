"""Live results to more viewers than Python serves: nginx with Nchan in front, fed from here.

docs/fan-out.md tells how the parts stand together.
"""
