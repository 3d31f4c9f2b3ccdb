"""Short reports of six sentence patterns, with planted differences before and after a year.

All choices come from one seeded generator. Without a planted difference both halves are of one kind.
"""

import random
from collections.abc import Collection, Iterator
from datetime import date, timedelta

Report = dict[str, str]
YEARS = (2000, 2018)
CHANGE = 2009
LONG = {
    "acft": "aircraft",
    "rwy": "runway",
    "alt": "altitude",
    "ctlr": "controller",
    "apch": "approach",
    "tfc": "traffic",
    "dept": "departure",
    "flt": "flight",
}
PATTERNS = {
    "height": "The {acft} climbed to the {alt} and the {ctlr} {told} us to level off near the {place}.",
    "ground": "We taxied to the {rwy} behind a {size} {acft} and waited for the {tfc} at the {place}.",
    "landing": "On final {apch} the crew {told} the {ctlr} that the {rwy} was {state} with {thing}.",
    "warning": "The {dept} {flt} got a warning of {tfc} and left its {alt} for a {size} time.",
    "cabin": "During the {flt} the cabin filled with {thing} so we {told} the crew to return to the {place}.",
    "repair": "A mechanic found that the {part} was {state} and signed the {acft} off before {dept}.",
}
SLOTS = {
    "told": ("told", "asked", "instructed", "reminded"),
    "place": ("gate", "hangar", "terminal", "fence", "river", "harbour", "ramp"),
    "size": ("small", "large", "short", "long", "heavy"),
    "state": ("wet", "covered", "closed", "worn", "cracked", "loose"),
    "thing": ("smoke", "snow", "water", "dust", "oil", "birds", "ice"),
    "part": ("panel", "valve", "pump", "seal", "bolt", "wheel", "brake", "hose"),
}
# One sense: a strobe is a light of the aircraft, and later a disease of birds.
SENSES = (
    "The mechanic saw that the strobe light was {state} on the {size} panel.",
    "The strobe fever of {thing} spread among geese at the {place}.",
)


def reports(number: int, seed: int = 0, planted: Collection[str] = ()) -> Iterator[Report]:
    """Reports in order of time; ``planted`` names differences: notation, mix, sense, subject."""
    rng = random.Random(seed)
    first = date(YEARS[0], 1, 1)
    days = (date(YEARS[1], 1, 1) - first).days
    for i in range(number):
        day = first + timedelta(days * i // number)
        later = day.year >= CHANGE
        yield {"id": str(i), "date": day.isoformat(), **_report(rng, later, planted)}


def _report(rng: random.Random, later: bool, planted: Collection[str]) -> Report:
    long = rng.random() < ((0.75 if later else 0.25) if "mix" in planted else 0.5)
    names = list(PATTERNS)
    weights = [1.0] * len(names)
    if "mix" in planted:  # long reports are of the cabin and of repairs
        weights = [0.2, 0.2, 0.2, 0.2, 3, 3] if long else [1, 1, 1, 1, 0.2, 0.2]
    if "subject" in planted and later:
        weights[names.index("repair")] = 2.5
    sentences = [
        _filled(PATTERNS[name], rng) for name in rng.choices(names, weights, k=rng.choice((1, 2, 3)))
    ]
    if rng.random() < 0.25:
        new = later if "sense" in planted else rng.random() < 0.5
        sentences.append(_filled(SENSES[new], rng))
    text = " ".join(sentences)
    written_short = "notation" in planted and not later
    text = text.format_map({key: key if written_short else word for key, word in LONG.items()})
    return {"text": text.upper() if written_short else text, "kind": "pilot" if long else "tower"}


def _filled(pattern: str, rng: random.Random) -> str:
    chosen = {slot: rng.choice(words) for slot, words in SLOTS.items()}
    return pattern.format_map(chosen | {key: f"{{{key}}}" for key in LONG})
