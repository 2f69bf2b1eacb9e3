"""The load: clients that are not the limit of what is measured, with everything prepared that can be.

Officers and readers are plain Python over epoll and speak just as much HTTP/1.1 and WebSocket as they need:
where a server in Python took 160 µs for an answer of 5 kB and 200 for a receipt, they took 31 and 19. Servers
that are as fast as that need a load in C (wrk). Viewers are a program in C, made with `cc` when it is needed:
3 µs for a delivery of 1.3 kB that took Nchan 14 and a write loop in C 8.
"""
