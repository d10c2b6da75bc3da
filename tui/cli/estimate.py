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
    estimated = estimate(plan, prices=prices, jobs=jobs)
    if as_json:
        print(json.dumps(asdict(estimated)))
    else:
        how = "counted" if estimated.exact else f"95 % between {count(estimated.low)} and {count(estimated.high)}"
        print(f"matches   about {count(estimated.matches)} ({how}), of about {count(estimated.records)} records")
        print(f"to fetch  {size(estimated.bytes_compressed)} in {plural(len(plan.chunks), 'chunk')}")
        print(f"time      about {duration(estimated.seconds)} at the sample's speed")
        if estimated.requests:
            asked = f"{dollars(estimated.request_dollars)} for {plural(estimated.requests, 'request')}"
            out = f"{dollars(estimated.transfer_dollars)} to leave AWS, nothing within the region"
            print(f"cost      {asked}; {out}")
            print(f"prices    {prices.source}, as of {prices.date}; yours go into [prices] of the config")
        unread = f"; {plural(estimated.unread, 'chunk')} could not be read" if estimated.unread else ""
        print(f"sample    {count(estimated.sampled)} records of {plural(estimated.sampled_chunks, 'chunk')}{unread}")
    return EXIT_MATCHED if estimated.high else EXIT_NOTHING
