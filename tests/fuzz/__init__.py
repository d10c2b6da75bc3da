"""Hostile input, made by a fuzzer, for what reads files that others wrote: `make fuzz`.

A target turns any bytes into an input, runs the code on it, and fails where a promise is broken. With atheris installed
(`pip install -e '.[fuzz]'`) its inputs are guided by what code they reach; without it they are random.
"""
