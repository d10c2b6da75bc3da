"""The engine of a send: batches, the window in flight, what is confirmed, the rate, and the brakes."""
