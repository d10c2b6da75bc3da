"""Colors on a terminal with 256: those that look most alike.

Most SSH sessions have no more: sshd does not pass COLORTERM on. Rich rounds red, green and blue one by one, which makes
bluish greys teal and the dark ground of a bar navy.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color, ColorSystem, ColorType
from rich.color_triplet import ColorTriplet

_LEVELS = (0, 95, 135, 175, 215, 255)
_CUBE = [ColorTriplet(red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS]
_INDEXED = dict(enumerate([*_CUBE, *(ColorTriplet(grey, grey, grey) for grey in range(8, 239, 10))], 16))  # xterm's
_LIGHTNESS_WEIGHT = 0.75  # of a difference, against one in hue: a blue stays blue


def downgrade(color: Color, system: ColorSystem) -> Color:
    """Return the color as a terminal with these colors can show it."""
    if system is ColorSystem.EIGHT_BIT and color.type is ColorType.TRUECOLOR and color.triplet is not None:
        return Color.from_ansi(_nearest(color.triplet))
    return color.downgrade(system)


@lru_cache(maxsize=1024)
def _nearest(color: ColorTriplet) -> int:
    lightness, a, b = _oklab(color)

    def distance(number: int) -> float:
        other = _oklab(_INDEXED[number])
        return (_LIGHTNESS_WEIGHT * (other[0] - lightness)) ** 2 + (other[1] - a) ** 2 + (other[2] - b) ** 2

    return min(_INDEXED, key=distance)


@lru_cache(maxsize=1024)
def _oklab(color: ColorTriplet) -> tuple[float, float, float]:
    """Return lightness, green to red, blue to yellow (https://bottosson.github.io/posts/oklab/)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
