"""Every text is read as it was written, or an error names its encoding: a table of both and containers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from corpus_reader import Reader
from tests.refusals import refused

from selfvec.base.errors import CorpusError, InputError
from selfvec.files.charsets import codec_of_label, likely, read_page, shown
from selfvec.files.text_files import read_text

SENTENCES = {
    "de": "Der Hagel zerstörte Dächer in Köln, und die Straßen waren überflutet. Später fiel Schnee.",
    "fr": "La grêle a cassé les toits près de la forêt; la rivière a débordé et on a fermé les écoles.",
    "en": "The farmer’s roof broke in the hail – a “big” storm, they said. It wasn’t the first one.",
    "pl": "Grad zniszczył dachy w mieście, a ulice zostały zalane. Później spadł śnieg, było ślisko.",
    "hu": "A jégeső betörte a háztetőket, és az utcák víz alá kerültek. Később hó esett.",
    "ru": "Град разбил крыши домов, и улицы были затоплены. Позже выпал снег.",
    "el": "Το χαλάζι έσπασε τις στέγες και οι δρόμοι πλημμύρισαν. Αργότερα έπεσε χιόνι.",
    "tr": "Dolu çatıları kırdı ve sokaklar sular altında kaldı; çocuklar okula gitmedi, kar yağdı.",
    "he": "הברד שבר את הגגות והרחובות הוצפו. אחר כך ירד שלג.",
    "ar": "كسر البرد أسطح المنازل وغمرت المياه الشوارع. ثم تساقطت الثلوج.",
    "lv": "Krusa sasita jumtus, un ielas tika appludinātas. Vēlāk uzsniga sniegs, un bērni negāja uz skolu.",
    "th": "ลูกเห็บทำลายหลังคาบ้านและถนนถูกน้ำท่วม ต่อมาหิมะตก",
    "ja": "雹が屋根を壊し、道路が冠水した。その後、雪が降り、子供たちは学校に行かなかった。",
    "zh": "冰雹砸坏了屋顶，街道被淹没了。后来下了雪，孩子们没有去上学。",
    "tw": "冰雹砸壞了屋頂，街道被淹沒了。後來下了雪，孩子們沒有去上學。",
    "ko": "우박이 지붕을 부수고 거리가 물에 잠겼다. 나중에 눈이 내렸다.",
}
TABLE = [  # language, codec, the label of a page that browsers read as this codec; None: it has none
    ("de", "cp1252", "iso-8859-1"), ("de", "iso8859-15", "ISO-8859-15"), ("de", "cp850", None),
    ("de", "mac-roman", "macintosh"), ("fr", "cp1252", "latin1"), ("en", "cp1252", "us-ascii"),
    ("pl", "cp1250", "x-cp1250"), ("pl", "iso8859-2", "latin2"), ("hu", "cp1250", "windows-1250"),
    ("ru", "cp1251", "x-cp1251"), ("ru", "koi8-r", "koi"), ("ru", "cp866", "ibm866"),
    ("ru", "iso8859-5", "cyrillic"), ("el", "cp1253", "windows-1253"), ("el", "iso8859-7", "greek"),
    ("tr", "cp1254", "iso-8859-9"), ("he", "cp1255", "windows-1255"), ("ar", "cp1256", "x-cp1256"),
    ("lv", "cp1257", "windows-1257"), ("th", "cp874", "tis-620"), ("ja", "cp932", "windows-31j"),
    ("ja", "euc_jp", "x-euc-jp"), ("ja", "iso2022_jp", "csiso2022jp"), ("zh", "gbk", "gb2312"),
    ("zh", "gb18030", "chinese"), ("tw", "big5", "x-x-big5"), ("ko", "cp949", "ks_c_5601-1987"),
]  # fmt: skip
MARKED = ("utf-8-sig", "utf-16", "utf-32")
CONTAINERS = {  # name of the file, what is before the text, what is after it
    "a.txt": ("", "\n"),
    "a.csv": ("id,text\n1,", "\n"),
    "a.jsonl": ('{"text": "', '"}\n'),
    "notes/a.md": ("", ""),
}


def named(message: str, data: bytes, text: str) -> None:
    """Assert that an error names an encoding in which the bytes are the text, and the command for it."""
    found = re.search(
        r'not UTF-8 but probably (\S+) \("(.+?)"\); convert it: iconv -f (\S+) -t utf-8$', message
    )
    assert found, message
    assert found[1] == found[3]
    assert data.decode(found[1]) == text
    assert found[2] in " ".join(text.split())


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("language", "codec"), [row[:2] for row in TABLE])
def test_a_text_in_another_encoding_is_an_error_that_names_it(
    reader: Reader, container: str, language: str, codec: str
) -> None:
    before, after = CONTAINERS[container]
    text = f"{before}{SENTENCES[language]}{after}"
    path = reader.write(container, text.encode(codec))
    with pytest.raises(CorpusError) as error:
        reader.texts(container.partition("/")[0])
    message = str(error.value)
    assert message.startswith(f"{path}:") or codec == "iso2022_jp"
    message, more, _ = message.partition(" or leave such rows out")
    assert bool(more) == container.startswith("notes")  # a document can be left out
    named(message, text.encode(codec), text)


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("codec", MARKED)
def test_a_text_with_a_byte_order_mark_is_read(
    reader: Reader, container: str, codec: str, packed: str
) -> None:
    before, after = CONTAINERS[container]
    sentences = [text for text in SENTENCES.values() if "," not in text]
    data = "".join(f"{before if number == 0 or container != 'a.csv' else '1,'}{text}{after}"
                   for number, text in enumerate(sentences)).encode(codec)  # fmt: skip
    reader.write(f"{container}{packed}", data)
    found = reader.texts(container.partition("/")[0] if "/" in container else f"{container}{packed}")
    assert found == (["".join(sentences)] if "/" in container else sentences)
    assert reader.summary.mended_rows == 0


def test_what_is_wrong_in_utf16_is_mended_and_counted(reader: Reader) -> None:
    half = "naïve déjà\n".encode("utf-16") + b"\x3d\xd8\xe9\0\n\0d"  # half of a pair; half of a letter
    reader.write("a.txt", half)
    assert reader.texts("a.txt") == ["naïve déjà", "\ufffdé", "\ufffd"]
    assert reader.summary.mended_rows == 2


def page(label: str, text: str, how: str) -> str:
    if how == "charset":
        others = "<!-- <meta charset=big5> --><meta name=x content='charset=koi8-r'>"
        return f"{others}<meta charset={label}><p>{text}"
    if how == "http-equiv":
        return f'<META content="text/html; charset={label}" http-equiv=content-type><p>{text}'
    return f'<?xml version="1.0" encoding="{label}"?><html><p>{text}</p></html>'


@pytest.mark.parametrize("how", ["charset", "http-equiv", "xml"])
@pytest.mark.parametrize(("language", "codec", "label"), [row for row in TABLE if row[2]])
def test_the_label_of_a_page_is_read_as_browsers_read_it(
    reader: Reader, how: str, language: str, codec: str, label: str
) -> None:
    text = SENTENCES[language]
    reader.write("a.html", page(label, text, how).encode(codec))
    assert reader.texts("a.html") == [text]
    assert reader.summary.mended_rows == 0


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<meta charset=utf-16><p>Dächer".encode(), "Dächer"),  # a label that can be read is not in UTF-16
        ("<meta charset=koi8-r><p>град".encode("utf-16"), "град"),  # the mark wins
        ("<meta charset=koi8-r><p>град".encode("utf-8-sig"), "град"),
        (b"<meta charset=koi8-r charset=utf-8><p>" + "град".encode("koi8-r"), "град"),  # the first counts
        (b"<meta charset=none><meta charset=koi8-r><p>" + "град".encode("koi8-r"), "град"),
        (b"<meta charset=x-user-defined><p>\x80", "€"),
        (b"<meta charset=gbk><p>\x81\x30\x84\x36", "\xa5"),  # four bytes, as in GB 18030
        (b"<meta charset=euc-kr><p>\x8c\x63", "똠"),  # windows-949
        (b"<meta charset=euc-jp><p>\xad\xa1", "①"),
        (b"<meta charset=cp850><p>D\x84cher", "Dächer"),  # which browsers do not know, and Python does
    ],
)  # fmt: skip
def test_labels_and_marks(data: bytes, text: str) -> None:
    found = read_page(data)
    assert (found.text.rpartition("<p>")[2], found.wrong, found.guess) == (text, 0, "")


@pytest.mark.parametrize("label", ["hex", "utf-7", "rot13", "unicode_escape", "iso-2022-cn", "", "\ufffd"])
def test_a_label_that_names_no_encoding_is_as_none(label: str) -> None:
    assert codec_of_label(label) is None


@pytest.mark.parametrize(
    ("language", "codec"), [row[:2] for row in TABLE if row[1] not in ("cp850", "cp866", "mac-roman")]
)
def test_a_page_without_a_label_is_read_by_the_detector_which_is_said(
    reader: Reader, language: str, codec: str
) -> None:
    text = SENTENCES[language]
    reader.write("a.html", f"<html><body><p>{text}</p></body></html>".encode(codec))
    assert reader.texts("a.html") == [text]
    (place,) = reader.summary.mended_places
    assert re.search(r"a\.html:1: names no encoding: read as \S+, a guess$", place)


def test_a_page_that_is_utf8_whatever_it_names_is_read_so_which_is_said(reader: Reader) -> None:
    reader.write("a.html", f"<meta charset=windows-1251><p>{SENTENCES['ru']}")
    assert reader.texts("a.html") == [SENTENCES["ru"]]
    assert reader.summary.mended_places[0].endswith("a.html:1: is UTF-8, and names windows-1251")


def test_a_few_wrong_bytes_are_mended_and_the_likely_encoding_is_named(reader: Reader) -> None:
    russian = SENTENCES["ru"]
    path = reader.write("a.txt", f"{russian}\n".encode() * 9 + "и был град\n".encode("cp1251"))
    assert reader.texts("a.txt")[:9] == [russian] * 9
    (place,) = reader.summary.mended_places
    assert place.startswith(f"{path}:10: is not UTF-8, probably windows-1251: ")
    assert place.endswith(" places became \ufffd")


@pytest.mark.parametrize("batch_bytes", [1000, 1 << 20])
def test_a_text_whose_other_encoding_begins_late_is_an_error_unless_bad_rows_are_skipped(
    reader: Reader, batch_bytes: int
) -> None:
    german = f"{SENTENCES['de']}\n".encode("cp1252")
    path = reader.write("a.txt", b"hail broke the roof\n" * 5000 + german * 600)
    refused(
        lambda: reader.texts("a.txt", batch_bytes=batch_bytes),
        CorpusError,
        re.escape(f"{path}:5001: is not UTF-8 but probably windows-1252"),
    )
    assert len(reader.texts("a.txt", batch_bytes=batch_bytes, skip_bad_rows=True)) == 5600
    assert reader.summary.mended_rows == 600


def test_lists_of_words_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_bytes("град\n".encode("utf-16"))
    assert read_text(path) == "град\n"
    path.write_bytes(f"hail\n{SENTENCES['ru']}\n".encode("cp1251"))
    rule = r'stop\.txt:2: is not UTF-8 but probably windows-1251 \("Град разбил'
    refused(lambda: read_text(path), InputError, rule)


@pytest.mark.skipif(shutil.which("iconv") is None, reason="there is no iconv")
@pytest.mark.parametrize(("language", "codec"), [row[:2] for row in TABLE])
def test_the_remedy_works(reader: Reader, language: str, codec: str) -> None:
    text = SENTENCES[language]
    data = text.encode(codec)
    found = likely(data)
    done = subprocess.run(
        ["iconv", "-f", shown(found), "-t", "utf-8"], input=data, capture_output=True, check=True
    )
    assert done.stdout.decode() == text
