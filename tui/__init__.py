"""hourscope: explore, filter and replay an archive of hourly event chunks."""

__version__ = "0.1.0"
