"""Long shows on real servers: what is promised of a send when things break. `make soak` writes docs/reliability.md.

One module a show, listed in __main__.py; each is a function that takes a Stage and gives a Result. Small runs of the
same functions are tests (test_small.py).
"""
