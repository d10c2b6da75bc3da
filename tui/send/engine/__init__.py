"""The engine of a send: batches, the in-flight window, confirmation, rate, and control."""
