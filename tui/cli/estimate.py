"""`hourscope scan --estimate`: what a scan would find, take and cost."""

from __future__ import annotations

import json
from dataclasses import asdict

from tui.cli.console import EXIT_MATCHED, EXIT_NOTHING
from tui.config import load_config
from tui.scan import ScanPlan, estimate
from tui.units import count, dollars, duration, plural, size


def print_estimate(plan: ScanPlan, jobs: int | None, *, as_json: bool) -> int:
    """Read the sample and print; exit code 1 if not even the interval's upper end holds a match."""
    prices = load_config().prices
    found = estimate(plan, prices=prices, jobs=jobs)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        how = "counted" if found.exact else f"95 % between {count(found.low)} and {count(found.high)}"
        print(f"matches   about {count(found.matches)} ({how}), of about {count(found.records)} records")
        print(f"to fetch  {size(found.bytes_compressed)} in {plural(len(plan.chunks), 'chunk')}")
        print(f"time      about {duration(found.seconds)} at the sample's speed")
        if found.requests:
            asked = f"{dollars(found.request_dollars)} for {plural(found.requests, 'request')}"
            out = f"{dollars(found.transfer_dollars)} to leave AWS, nothing within the region"
            print(f"cost      {asked}; {out}")
            print(f"prices    {prices.source}, as of {prices.date}; yours go into [prices] of the config")
        unread = f"; {plural(found.unread, 'chunk')} could not be read" if found.unread else ""
        print(f"sample    {count(found.sampled)} records of {plural(found.sampled_chunks, 'chunk')}{unread}")
    return EXIT_MATCHED if found.high else EXIT_NOTHING
