"""The load: clients in plain Python over epoll, with everything that can be prepared prepared.

They speak just as much HTTP/1.1 and WebSocket as they need, so that their core is not the limit of what is
measured. Where a server in Python took 160 µs for an answer of 5 kB, 200 for a receipt and 25 for a delivery,
they took 31, 19 and 10. Servers that are as fast as that need a load in C (wrk, h2load).
"""
