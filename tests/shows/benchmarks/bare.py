"""HOST:PORT BUCKET FOLDER CONNECTIONS → GET every key (the names in the folder) and discard the body.

This is the best that the connections can do with that server: no listing, no signature, no inflating.
"""

import queue
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path

place, bucket, folder, connections = sys.argv[1:]
keys: queue.SimpleQueue[str] = queue.SimpleQueue()
for path in sorted(Path(folder).iterdir()):
    keys.put(path.name)


def fetch() -> None:
    connection = HTTPConnection(place)
    while True:
        try:
            key = keys.get_nowait()
        except queue.Empty:
            return
        connection.request("GET", f"/{bucket}/{key}")
        connection.getresponse().read()


threads = [threading.Thread(target=fetch) for _ in range(int(connections))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
