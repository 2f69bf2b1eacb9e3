"""The load: clients in plain Python over epoll, with everything that can be prepared prepared.

They speak just as much HTTP/1.1 and WebSocket as they need, so that one core of theirs is never the
limit of what is measured: 50,000 answers a second and more, where a server in Python gives a few thousand.
"""
