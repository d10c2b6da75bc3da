"""Importing tui.send costs nobody pynsq, tornado, Textual or boto3."""

import subprocess
import sys


def test_importing_is_cheap() -> None:
    program = "import sys, tui.send; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert not {"nsq", "tornado", "textual", "boto3", "botocore", "click", "rich"} & set(loaded)
