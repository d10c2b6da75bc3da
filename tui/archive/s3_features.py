"""Learn which features an S3-compatible server lacks from its refusals, and repeat requests without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import botocore.exceptions as aws

# The codes for an unknown header or parameter. S3 itself uses them for headers that it does not implement.
_REFUSALS = ("NotImplemented", "InvalidArgument", "InvalidRequest", "NotSupported", "501")
_PATIENCE = ("SlowDown", "ServiceUnavailable", "503")


@dataclass(frozen=True, slots=True)
class Feature:
    """An optional part of a request. `instead`: what happens without it, for the warning."""

    name: str
    instead: str
    arguments: dict[str, Any] = field(default_factory=dict)


def patiently(request: Callable[[], Any]) -> Any:
    """Make a request; if the server throttles it (503), repeat all attempts once.

    botocore's five attempts are too few for thousands of requests if a fifth of them is refused.
    """
    try:
        return request()
    except aws.ClientError as error:
        if _code(error) not in _PATIENCE:
            raise
        return request()


class Missing:
    """The features that each server, by endpoint, is known to lack. Thread-safe."""

    def __init__(self, warn: Callable[[str], object]) -> None:
        self._warn = warn
        self._known: set[tuple[str, str]] = set()

    def lacks(self, server: str, feature: Feature) -> bool:
        return (server, feature.name) in self._known

    def ask(self, server: str, request: Callable[[dict[str, Any]], Any], features: Sequence[Feature]) -> Any:
        """Make a request with all features that the server is not known to lack.

        If it is refused, try without one of them, then without any; report and remember what helped. Raises the first
        refusal if nothing helps.
        """
        have = [feature for feature in features if not self.lacks(server, feature)]
        try:
            return request(_arguments(have))
        except aws.ClientError as error:
            if not have or not _refused(error):
                raise
            refusal = error
        for dropped in ([feature] for feature in reversed(have)) if len(have) > 1 else ():
            if (answer := _attempt(request, [option for option in have if option not in dropped])) is not None:
                self._learn(server, dropped)
                return answer
        if (answer := _attempt(request, [])) is None:
            raise refusal
        self._learn(server, have)
        return answer

    def _learn(self, server: str, features: Sequence[Feature]) -> None:
        for feature in features:
            if not self.lacks(server, feature):
                self._known.add((server, feature.name))
                self._warn(f"{server} does not support {feature.name}; {feature.instead}")


def _attempt(request: Callable[[dict[str, Any]], Any], features: Sequence[Feature]) -> Any:
    """Return the answer, or None if the request is refused again."""
    try:
        return request(_arguments(features))
    except aws.ClientError as error:
        if _refused(error):
            return None
        raise


def _arguments(features: Sequence[Feature]) -> dict[str, Any]:
    return {name: value for feature in features for name, value in feature.arguments.items()}


def _refused(error: aws.ClientError) -> bool:
    return _code(error) in _REFUSALS


def _code(error: aws.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
