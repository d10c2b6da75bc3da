"""NSQ code shared by sends and the archiver: addresses, nsqlookupd, HTTP, limits, TLS, AUTH, refusals.

Importing this package imports neither pynsq nor tornado; only `pynsq.py` does, for opening connections.
"""
