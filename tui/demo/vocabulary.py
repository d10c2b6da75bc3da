"""The vocabulary of the sample records, as JSON text, which shows its spelling in a chunk."""

from __future__ import annotations

VERSIONS = ("4.12.0", "4.12.1", "4.13.0")
VERSION_SHARES = (0.30, 0.76, 1.0)
"""Cumulative shares: 30 %, 46 % and 24 % of the sessions."""

CDNS = ("north-edge", "blue-cdn", "fastlane")
CDN_SHARES = (0.38, 0.70, 1.0)

BACKGROUND_ERRORS = (
    '"error":{"code":1001,"message":"network timeout","fatal":false}',
    '"error":{"code":1001,"message":"network timeout","fatal":false}',
    '"error":{"code":1004,"message":"segment not found","fatal":false}',
    '"error":{"code":2001,"message":"decoder stalled","fatal":true}',
    '"error":{"code":3016,"message":"licence refused for \\"HD\\"","fatal":true}',
    '"error":{"code":3016,"message":null,"fatal":true}',
    '"error":{"code":4002,"message":"manifest is not valid XML: <MPD>","fatal":false}',
)
INCIDENT_ERRORS = (
    '"error":{"code":%d,"message":"segment signature expired","fatal":false}',
    '"error":{"code":%d,"message":"segment signature expired","fatal":false}',
    '"error":{"code":%d,"message":"segment signature expired","fatal":true}',
)
DEBUG_NOTES = (
    r'"debug":"{\"k\":1}"',
    r'"debug":"{\"k\":2,\"abr\":{\"from\":2400,\"to\":800}}"',
    r'"debug":"{\"k\":3,\"error\":null,\"note\":\"r\u00e9essay\u00e9\"}"',
)

CITIES = (
    '"country":"BR","city":"São Paulo"',
    '"country":"BR","city":"Florianópolis"',
    '"country":"CH","city":"Zürich"',
    '"country":"CH","city":"Genève"',
    '"country":"JP","city":"東京"',
    '"country":"JP","city":"大阪"',
    '"country":"PL","city":"Kraków"',
    '"country":"PL","city":"Łódź"',
    '"country":"DE","city":"Köln"',
    '"country":"DE","city":"Berlin"',
    '"country":"FR","city":"Orléans"',
    '"country":"GR","city":"Αθήνα"',
    '"country":"UA","city":"Київ"',
    '"country":"IL","city":"תל אביב"',
    '"country":"EG","city":"القاهرة"',
    '"country":"IN","city":"मुंबई"',
    '"country":"KR","city":"서울"',
    '"country":"US","city":"San José"',
    '"country":"US","city":"St. John\'s"',
    '"country":"GB","city":"London"',
    '"country":"IS","city":null',
    '"country":"SE"',
)
DEVICES = (
    '"device":"iPhone 6 / iOS 8.1"',
    '"device":"iPad Air / iOS 7.1"',
    '"device":"Nexus 5 / Android 5.0"',
    '"device":"Galaxy S5 / Android 4.4"',
    '"device":"Chrome 39 / Windows 7"',
    '"device":"Firefox 34 / Linux"',
    '"device":"Safari 8 / OS X 10.10"',
    '"device":"Smart TV / Tizen 2.3"',
    '"device":null',
)

TITLES = (
    '"Midnight in Zürich"',
    '"O Fantástico Senhor João"',
    '"東京の夜"',
    '"Żółta Łódź"',
    '"Trial and error"',
    '"The Comedy of Errors"',
    r'"\"Quoted\" for Truth"',
    '"Cooking with 🔥"',
    '"🐙 Deep Sea 🌊"',
    '"Family 👨‍👩‍👧‍👦 Business"',
    r'"Caf\u00e9 Society"',
    r'"AC\/DC: Live"',
    '"Der Himmel über Köln"',
    '"Slow Television: Bergen to Oslo"',
    '"Les Misérables de la rue d\'Été"',
    '"Тихий вечер"',
    '"ערב טוב"',
    '"The Long Way Down"',
    '"50% Off Everything"',
    '"C:\\\\Users: a Love Story"',
    '"Harbour Lights"',
    '"Ninety-nine Balloons"',
    '"The Archivist"',
    '"Under the Ice"',
    '"Small Hours"',
    '"Paper Boats"',
    '"Signal Lost"',
    '"Copper & Rust"',
    '"Señora Núñez Investigates"',
    '"A Town Called Ångström"',
    '"Goal! The 1998 Final"',
    '"Weather Report"',
)
NASTY_TITLES = (
    r'"Seeing \u001b[31mRed\u001b[0m"',
    r'"Window \u001b]0;renamed\u0007 Title"',
    r'"Backwards \u202egpj.exe\u202c"',
    '"Mirror \u202etxet\u202c Lake"',
    '"[bold red]Not markup[/bold red] [@click=app.quit]here[/]"',
    r'"Tab\tand\nnewline\u0000and null"',
    '"' + "A Very Long Title Indeed, " * 12 + 'the End"',
)
"""Titles that try to control a terminal, a markup parser or a column; they must be shown literally."""

TAGS = (
    ',"tags":["drama","hd"]',
    ',"tags":["comedy"]',
    ',"tags":["documentary","4k","subtitled"]',
    ',"tags":["kids","hd"]',
    ',"tags":["sport","live"]',
    ',"tags":["crime","série noire"]',
    ',"tags":[]',
    "",
)
