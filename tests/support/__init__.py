"""The real servers that the tests talk to: nsqd, nsqlookupd and an S3 server, on free ports of 127.0.0.1."""
