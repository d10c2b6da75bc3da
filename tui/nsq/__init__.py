"""NSQ, for whoever sends or archives: addresses, nsqlookupd, HTTP, limits, TLS, AUTH, and why nsqd refuses.

Importing this package imports neither pynsq nor tornado; `pynsq.py` does, for those who open a connection.
"""
