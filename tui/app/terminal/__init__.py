"""The terminal: painting, flow control, the clipboard, signals, and the outermost error handlers."""
