"""Languages: search stems, unseen forms built from subwords, and words of text without spaces.

Forms and lemmas come from the dictionaries of simplemma, whose text is not repeated here. The segmented
sentences were written for this measurement; a blank is a border of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.vectors import Row
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean
from selfvec.storage.formats import load
from selfvec.text.languages import LANGUAGES
from selfvec.text.rules import stems
from selfvec.text.segmentation import segmenter

PAIRS, LEMMAS, SEED = 4_000, 400, 0
ALONE = ("tr", "hu", "nl")  # with rows of their own
SENTENCES = {
    "zh": """
昨天 北京 下 了 一 场 大雨
河水 淹没 了 农田 和 道路
消防员 救出 了 被困 的 居民
这 家 医院 有 三百 张 病床
学生 们 在 图书馆 学习 英语
政府 宣布 了 新 的 经济 政策
科学家 发现 了 一 种 新 病毒
火车 晚点 了 两 个 小时
他 每天 早上 喝 一 杯 咖啡
这个 城市 的 空气 污染 很 严重
我们 需要 更 多 的 时间
老师 给 孩子 讲 故事
公司 明年 将 增加 投资
台风 造成 了 巨大 损失
机器 学习 改变 了 世界
""",
    "ja": """
昨日 東京 で 大雨 が 降り まし た
川 の 水 が 道路 に あふれ た
消防 士 が 住民 を 助け た
この 病院 に は 三百 の ベッド が あり ます
学生 は 図書 館 で 英語 を 勉強 する
政府 は 新しい 政策 を 発表 し た
科学 者 が 新しい ウイルス を 発見 し た
電車 が 二 時間 遅れ た
彼 は 毎朝 コーヒー を 飲み ます
この 町 の 空気 は とても きれい です
私 たち は もっと 時間 が 必要 です
先生 が 子供 に 話 を し た
会社 は 来年 投資 を 増やす
台風 で 多く の 家 が 壊れ た
山 の 上 に 雪 が 積もっ て いる
""",
    "th": """
เมื่อวาน ฝน ตก หนัก ใน กรุงเทพ
น้ำ ท่วม ถนน และ บ้าน
นักดับเพลิง ช่วย ชาวบ้าน
โรงพยาบาล นี้ มี สาม ร้อย เตียง
นักเรียน เรียน ภาษา อังกฤษ ใน ห้องสมุด
รัฐบาล ประกาศ นโยบาย ใหม่
นักวิทยาศาสตร์ พบ ไวรัส ใหม่
รถไฟ ช้า สอง ชั่วโมง
เขา ดื่ม กาแฟ ทุก เช้า
อากาศ ใน เมือง นี้ ไม่ ดี
เรา ต้องการ เวลา มาก กว่า นี้
ครู เล่า นิทาน ให้ เด็ก ฟัง
บริษัท จะ เพิ่ม การ ลงทุน ปี หน้า
พายุ ทำ ให้ บ้าน เสียหาย
หมา วิ่ง ไป ที่ ตลาด
""",
}


def rows() -> Iterator[Row]:
    """All rows of the item."""
    yield from _stems()
    yield from _pieces()
    yield from _segments()


def _pairs(code: str) -> list[tuple[str, str]]:
    """Inflected forms and their lemmas, drawn from the dictionary of a language."""
    from simplemma.strategies import DefaultDictionaryFactory

    found = DefaultDictionaryFactory().get_dictionary(LANGUAGES[code].lemmas)
    text = [v.decode() if isinstance(v, bytes) else v for pair in _some(found) for v in pair]
    pairs = list(zip(text[::2], text[1::2], strict=True))
    kept = [(a, b) for a, b in pairs if a.lower() != b.lower() and a.isalpha() and b.isalpha() and len(b) > 3]
    order = np.random.default_rng(SEED).permutation(len(kept))[:PAIRS]
    return [kept[i] for i in order.tolist()]


def _some(found: Any) -> list[tuple[Any, Any]]:
    items = list(found.items())
    order = np.random.default_rng(SEED).permutation(len(items))[: 30 * PAIRS]
    return [items[i] for i in order.tolist()]


def _stems() -> Iterator[Row]:
    """How often a search for a lemma finds another form: by English stems, and by those of the language."""
    both = sorted(code for code, one in LANGUAGES.items() if one.stemmer and one.lemmas and code != "en")
    hits: dict[str, np.ndarray] = {}
    wrong: dict[str, float] = {}
    for code in both:
        pairs = _pairs(code)
        by = [np.array([a == b for a, b in _stemmed(pairs, language)], float) for language in ("en", code)]
        hits[code] = np.stack(by)
        wrong[code] = _shared(sorted({lemma for _, lemma in pairs}), code)
    everything = np.concatenate(list(hits.values()), axis=1)
    named = [(f"Search stems, {LANGUAGES[code].name}", hits[code], code) for code in ALONE]
    for name, values, code in [(f"Search stems, {len(both)} languages", everything, "tr"), *named]:
        change = mean(values[1] - values[0], SEED, (-1.0, 1.0))
        share = wrong[code] if len(values[0]) == PAIRS else float(np.mean(list(wrong.values())))
        yield Row(
            name,
            "Snowball (Porter 2001)",
            f"selfvec refine texts.txt -o run --language {code}",
            "inflected forms with the stem of their lemma (simplemma's dictionary)",
            "English stems, as without --language",
            float(values[0].mean()),
            float(values[1].mean()),
            *change.interval,
            f"{share:.1%} of 1,000 lemmas share a stem with another",
        )


def _stemmed(pairs: list[tuple[str, str]], code: str) -> list[tuple[str, str]]:
    return list(zip(stems([a for a, _ in pairs], code), stems([b for _, b in pairs], code), strict=True))


def _shared(lemmas: list[str], code: str) -> float:
    """The share of 1,000 lemmas that have the stem of another of these."""
    order = np.random.default_rng(SEED).permutation(len(lemmas))[:1000]
    found = stems([lemmas[i] for i in order.tolist()], code)
    times = Counter(found)
    return float(np.mean([times[stem] > 1 for stem in found]))


def _pieces() -> Iterator[Row]:
    """How often a form that no table has is nearest to its lemma, when both are built from subwords."""
    table = load("default")
    assert table.composer is not None
    codes = sorted(code for code, one in LANGUAGES.items() if one.lemmas and code not in ("en", "th"))
    every = []
    for code in codes:
        pairs = {b: a for a, b in _pairs(code)}
        lemmas = list(pairs)[:LEMMAS]
        forms = [pairs[lemma] for lemma in lemmas]
        rows = [unit_rows(np.asarray(table.composer(words), np.float32)) for words in (forms, lemmas)]
        every.append((rows[0] @ rows[1].T).argmax(axis=1) == np.arange(len(lemmas)))
    values = np.concatenate(every).astype(float)
    found = mean(values, SEED)
    yield Row(
        f"Unseen forms built from subwords, {len(codes)} languages",
        "Bojanowski et al. 2017",
        "selfvec refine texts.txt -o run --oov-vectors subwords",
        f"the lemma is the nearest of {LEMMAS}",
        "--oov-vectors zero",
        0.0,
        float(values.mean()),
        *found.interval,
        f"worst {min(float(v.mean()) for v in every):.2f}, best {max(float(v.mean()) for v in every):.2f}",
    )


def _segments() -> Iterator[Row]:
    """F1 of words against our segmentation."""
    for code, text in SENTENCES.items():
        gold = [line.split() for line in text.strip().split("\n")]
        found = {name: _f1(gold, cut) for name, cut in _segmenters(code).items()}
        change = mean(found["budoux"] - found["pieces"], SEED, (-1.0, 1.0))
        rest = {name: values.mean() for name, values in found.items() if name not in ("budoux", "pieces")}
        yield Row(
            f"Words of {LANGUAGES[code].name} text",
            "BudouX (Google 2023)",
            f"selfvec refine texts.txt -o run --language {code}",
            f"F1 of words, {len(gold)} sentences of our own",
            "subwords of wordllama",
            float(found["pieces"].mean()),
            float(found["budoux"].mean()),
            *change.interval,
            ", ".join(f"{name} {value:.3f}" for name, value in rest.items()),
        )


def _segmenters(code: str) -> dict[str, Callable[[str], list[str]]]:
    llama = load("default").composer.tokenizer  # type: ignore[union-attr]

    def pieces(text: str) -> list[str]:
        ends = [b for _, b in llama.encode(text, add_special_tokens=False).offsets]
        borders = sorted({0, *ends, len(text)})
        return [text[a:b] for a, b in pairwise(borders)]

    own = segmenter(code)
    assert own is not None
    out: dict[str, Callable[[str], list[str]]] = {"budoux": own, "pieces": pieces, "characters": list}
    out["two characters"] = lambda text: [text[i : i + 2] for i in range(0, len(text), 2)]
    if code == "zh":
        out["jieba"] = import_module("jieba").lcut
    return out


def _f1(gold: list[list[str]], cut: Callable[[str], list[str]]) -> np.ndarray:
    """F1 of each sentence: words with both borders right."""
    values = []
    for words in gold:
        a, b = _spans(words), _spans(cut("".join(words)))
        values.append(2 * len(a & b) / (len(a) + len(b)))
    return np.array(values)


def _spans(words: list[str]) -> set[tuple[int, int]]:
    ends = np.cumsum([0, *map(len, words)]).tolist()
    return set(pairwise(ends))
