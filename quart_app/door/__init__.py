"""What every request passes before a view sees it, and every answer on its way out.

Sizes and rates of requests, bodies no faster than they are read, other sites, proxies, and the headers
for safety. Who may enter is asked in `quart_app/access.py`.
"""
