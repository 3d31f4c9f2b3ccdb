"""Korean nouns without their particles: 학교에서, *at the school*, is found by 학교.

Korean joins particles to a word. Some have two forms, one after a final consonant and one after a vowel,
which tells many of them from the last syllable of a noun (나이, 사과). A short particle that any syllable may
precede is cut off only if two syllables remain (회의, 제도).
"""

from __future__ import annotations

_FIRST, _LAST = "\uac00", "\ud7a3"  # the syllables of Hangul
_FINALS = 28  # a syllable's number, modulo this, is its final consonant; 0 for none
_RIEUL = 8  # ㄹ, after which 로 stands as after a vowel

_LONG = """
에서부터 으로부터 로부터 에게서 한테서 에서는 에서도 에서의 에게는 에게도 으로는 으로도
으로서 으로써 까지는 까지도 부터는 이라고 이라는 처럼 보다 까지 부터 에서 에게 한테 께서
으로 마다 조차 마저 밖에 에는 에도 에만 와의 과의 와는 과는 로서 로써 로는 로도
들은 들이 들을 들의 들에게 들과 들도
"""
_PARTICLES = tuple(sorted(_LONG.split(), key=len, reverse=True))
_AFTER_CONSONANT = {"은": 1, "을": 1, "이": 2, "과": 2}  # and the syllables that must remain
_AFTER_VOWEL = {"는": 1, "를": 1, "가": 2, "와": 2, "로": 2}
_AFTER_ANY = {"의": 2, "에": 2, "도": 2, "만": 2}


def is_korean(word: str) -> bool:
    """Whether a word ends in a syllable of Hangul."""
    return _FIRST <= word[-1:] <= _LAST


def without_particle(word: str) -> str:
    """A word without its last particle.

    >>> [without_particle(word) for word in ("학교에서", "학교를", "물은", "나이", "사과", "회의")]
    ['학교', '학교', '물', '나이', '사과', '회의']
    """
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    body, last = word[:-1], word[-1:]
    if not is_korean(body):
        return word
    final = (ord(body[-1]) - ord(_FIRST)) % _FINALS
    fitting = _AFTER_CONSONANT if final else _AFTER_VOWEL
    least = _AFTER_ANY.get(last) or fitting.get(last) or (2 if last == "로" and final == _RIEUL else 0)
    return body if least and len(body) >= least else word
