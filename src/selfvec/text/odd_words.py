"""Words that say little about a text: remains of a wrong encoding, other spellings of a word, and names.

UTF-8 that was read as Windows-1252 has two or three letters and signs instead of one: *cafÃ©*, *supervisionâ*
(of *supervision’s*). A tokenizer drops the signs and may lower-case the letters. So often a single letter
remains at the end of a word, or alone.

`spelling_key` is the same for spellings that a rule relates: ſ and s, ß and ss, -ise and -ize, -our and -or,
with and without a hyphen or an apostrophe. `letters_key` is the same for words that a reader of old print may
confuse: fame and same, vpon and upon. Many different words share it, too, so it is only a hint.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.data.run_text import RunText

_LEADS = "ÂÃÄÅÎÏÐÑâãäåîïðñ"  # the first byte of two, or of three, read as Windows-1252; some in lower case
_SIGNS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xC0))
_WHOLE = re.compile(f"[{_LEADS}][{re.escape(_SIGNS)}]")
_CUT = re.compile("(?:([a-z]{3,})|it|he|we|)[âã]")
_CONTRACTED = frozenset(("don", "didn", "doesn", "isn", "wasn", "couldn", "wouldn", "hasn", "weren", "aren"))
_FEWEST = 2  # least number of words of the second kind
_SHARE = 0.2  # their least share of the words beyond ASCII; in languages with â and ã it is far smaller


def garbled(words: Sequence[str]) -> list[int]:
    """The indices of garbled words among all words of a text, ascending.

    A word is garbled if it has a pair of letters that only a wrong encoding gives. It is also garbled if it
    is *â* or *ã*, alone or added to another word of the text, and many of the words beyond ASCII are.

    >>> garbled(["cafÃ©", "naïve", "hail", "hailâ", "straÃŸe"]), garbled(["hail", "hailâ", "itâ", "naïve"])
    ([0, 4], [1, 2])
    """
    odd = [i for i, word in enumerate(words) if not word.isascii()]
    whole = [i for i in odd if _WHOLE.search(words[i])]
    words_of_text = _CONTRACTED.union(word.lower() for word in words) if odd else _CONTRACTED
    ends = [(i, _CUT.fullmatch(words[i].lower())) for i in odd]
    cut = [i for i, end in ends if end and (end[1] is None or end[1] in words_of_text)]
    certain = len(cut) >= _FEWEST and len(cut) >= _SHARE * len(odd)
    return sorted({*whole, *(cut if certain else ())})


# Spellings of the same word: old letters, British and American endings, hyphens, and misread letters

_BETWEEN = re.compile(r"[-‐‑_.'’`\u00ad]")
_ENDINGS = (
    (re.compile(r"(?<=\w{3})(i|y)s(?=(e|es|ed|er|ers|ing|ation|ations)$)"), r"\1z"),
    (
        re.compile(
            r"(?<=\w{3})our(?=(s|ed|ing|able|ite|ites|er|ers|al|ally|less|ful|ize|izes|ized|izing)?$)"
        ),
        "or",
    ),
    (re.compile(r"(?<=\w{2}[^aeiou])re(?=s?$)"), "er"),
    (re.compile(r"(?<=\w{2})ll(?=(ed|ing|er|ers)$)"), "l"),
    (re.compile(r"(?<=\w{3})ogue(?=s?$)"), "og"),
    (re.compile(r"(?:ae|oe)(?=\w{3})"), "e"),
)
_CONFUSED = str.maketrans(
    {"f": "s", "v": "u", "j": "i", "y": "i", "w": "uu", "m": "rn", "d": "cl", "h": "li", "0": "o", "1": "i"}
)
_SHORTEST = 5  # letters of a word that the rules about endings are for


@lru_cache(1 << 16)  # the same words are neighbours of many
def spelling_key(word: str) -> str:
    """A key that other spellings of the same word share.

    >>> [spelling_key(word) for word in ("Colour", "colorize", "colourise", "houſe", "co-operate", "daß")]
    ['color', 'colorize', 'colorize', 'house', 'cooperate', 'dass']
    """
    folded = unicodedata.normalize("NFKC", word.casefold()).replace("æ", "ae").replace("œ", "oe")
    key = _BETWEEN.sub("", folded)
    if len(key) >= _SHORTEST:
        for ending, other in _ENDINGS:
            key = ending.sub(other, key)
    return key


@lru_cache(1 << 16)
def letters_key(word: str) -> str:
    """A key that words with letters that are confused in print share.

    >>> pairs = [("vpon", "upon"), ("fame", "same"), ("moming", "morning"), ("doud", "cloud")]
    >>> all(letters_key(a) == letters_key(b) for a, b in pairs)
    True
    """
    return spelling_key(word).translate(_CONFUSED)


# Names of people, places and products

_DOCUMENTS = 20_000  # of a large corpus that are enough, at regular intervals
_CHARACTERS = 10_000_000  # of all of them

_MID_SENTENCE = re.compile(r"(?<=[\w,;] )[^\W\d_]+")
_CAPITALIZED = 0.7  # least share of capitalised occurrences of a name
_NOUNS = 0.2  # of all words; if more are capitalised, the language capitalises nouns, or the text headings


def names_of(text: RunText | None, words: Sequence[str], documents: Ints | None = None) -> Mask:
    """True for words that documents, or some of them, mostly capitalise, (V,) bool.

    They are read at regular intervals, long ones in part. Without the text no word is a name.
    """
    if text is None:
        return np.zeros(len(words), bool)
    every = np.arange(len(text)) if documents is None else documents
    read = every[np.linspace(0, len(every) - 1, min(len(every), _DOCUMENTS)).astype(np.int64)]
    most = _CHARACTERS // max(len(read), 1)
    return proper_names(words, (written[:most] for written in text.texts(read.tolist())))


def proper_names(words: Sequence[str], texts: Iterable[str]) -> Mask:
    """True for words that the texts mostly capitalise in mid-sentence, (V,) bool.

    Words in capitals throughout, such as abbreviations, do not count. The parts of a phrase, such as
    new_york, must all be names. No word is a name if the texts capitalise most nouns, as German does.

    >>> text = "When it rained in Ohio, the river rose, and the NWS said that the river was over its banks."
    >>> proper_names(["ohio", "river", "nws"], [text])
    array([ True, False, False])
    """
    forms: Counter[str] = Counter()
    for text in texts:
        forms.update(_MID_SENTENCE.findall(text))
    every = Counter[str]()
    capitalized = Counter[str]()
    for form, times in forms.items():
        if len(form) > 1 and form.isupper():
            continue
        every[form.lower()] += times
        capitalized[form.lower()] += times * form[0].isupper()
    if capitalized.total() > _NOUNS * every.total():
        return np.zeros(len(words), bool)

    def is_name(word: str) -> bool:
        return capitalized[word] > 0 and capitalized[word] >= _CAPITALIZED * every[word]

    return np.array([all(map(is_name, word.lower().split("_"))) for word in words], bool)
