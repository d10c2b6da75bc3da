"""A plan's estimate, read in a worker a moment after the plan was last changed."""

from __future__ import annotations

from textual.timer import Timer
from textual.widget import Widget

from tui.app.messages import Estimated
from tui.config import Prices
from tui.errors import HourscopeError
from tui.scan import ScanPlan, estimate

DEBOUNCE = 0.2


class Estimator:
    """Posts `Estimated` to its screen; what belongs to an older plan is given up, or dropped when it comes."""

    def __init__(self, screen: Widget, prices: Prices) -> None:
        self._screen = screen
        self._prices = prices
        self._timer: Timer | None = None

    def ask(self, plan: ScanPlan, jobs: int | None) -> None:
        """Estimate this plan soon; a plan that was asked for before is not wanted any more."""
        self.drop()
        if plan.chunks:
            self._timer = self._screen.set_timer(DEBOUNCE, lambda: self._begin(plan, jobs))

    def drop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._screen.workers.cancel_group(self._screen, "estimate")

    def _begin(self, plan: ScanPlan, jobs: int | None) -> None:
        self._screen.run_worker(
            lambda: self._work(plan, jobs), thread=True, exit_on_error=False, group="estimate", exclusive=True
        )

    def _work(self, plan: ScanPlan, jobs: int | None) -> None:
        try:
            found = Estimated(plan, estimate(plan, prices=self._prices, jobs=jobs))
        except HourscopeError as error:
            found = Estimated(plan, None, str(error))
        self._screen.post_message(found)
