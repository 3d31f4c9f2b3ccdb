"""Who is answered: over a real connection, and the rules one by one."""

import json

import pytest
from serving import Site, serving

from selfvec.apps.web.guard import HEADERS
from selfvec.data.run import Run

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def closed(run: Run):
    """The run at an address that others reach."""
    with serving(run, token=TOKEN) as site:
        yield site


def refused(answer: tuple[int, dict[str, str], bytes], status: int, rule: str) -> None:
    found, headers, body = answer
    assert found == status
    error = json.loads(body)["error"]
    assert rule in error["rule"]
    assert error["remedy"]
    for name, value in HEADERS.items():
        assert headers[name] == value


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/about", "/api/map", "/nothing"])
def test_every_answer_carries_the_headers(site: Site, path: str) -> None:
    status, headers, _ = site.get(path)
    assert status == (404 if path == "/nothing" else 200)
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert "server" not in headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:80", "", "127.0.0.1.evil.example", "10.0.0.1"),
        *("127.0.0.1:8765.evil.example", "localhost:1.evil.example", "localhost:abc", "127.0.0.1:80:90"),
        *("[::1].evil.example", "[::1]:80.evil.example", "[::1", "::1"),
    ],
)
def test_a_name_that_was_pointed_here_is_refused(site: Site, host: str) -> None:
    refused(site.get("/api/about", Host=host), 421, "Host header")


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1", "[::1]:8765", "LOCALHOST"])
def test_this_machine_by_its_own_names_is_answered(site: Site, host: str) -> None:
    assert site.get("/api/about", Host=host)[0] == 200


def test_other_sites_are_not_answered_but_may_link_to_the_page(site: Site) -> None:
    refused(site.get("/api/about", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors"), 403, "other sites")
    refused(site.get("/main.js", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="cors"), 403, "other sites")
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert site.get("/", **link)[0] == 200
    refused(site.get("/api/word?w=cell&c=1990|2020", **link), 403, "may only link to the page")
    refused(site.get("/", **link | {"Sec_Fetch_Dest": "iframe"}), 403, "may only link to the page")
    assert site.get("/api/about", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors")[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_script_of_another_origin_is_refused(site: Site, origin: str) -> None:
    refused(site.get("/api/about", Origin=origin), 403, "other sites")
    assert site.get("/api/about", Origin=site.address.rstrip("/"))[0] == 200


def test_a_person_without_the_token_sees_a_page(closed: Site) -> None:
    for path in ("/", "/?token=wrong", "/?token=<script>"):
        status, headers, body = closed.get(path, Accept="text/html,*/*")
        assert status == 401
        assert headers["content-type"].startswith("text/html")
        assert "needs a token" in body.decode()
        assert "?token=" in body.decode()
        assert b"<script" not in body
    assert b'href="../../page.css"' in closed.get("/far/away/", Accept="text/html")[2]  # below any path
    assert closed.get("/api/about", Accept="text/html")[1]["content-type"].startswith("application/json")


def test_a_person_at_a_wrong_address_sees_a_page(site: Site) -> None:
    status, headers, body = site.get("/<script>alert(1)</script>".replace("<", "%3C"), Accept="text/html")
    assert status == 404
    assert headers["content-type"].startswith("text/html")
    assert b"<script" not in body


@pytest.mark.parametrize(
    "path", ["/", "/main.js", "/api/about", "/api/word?w=cell", "/?token=wrong", "/?token="]
)
def test_an_open_address_needs_the_token(closed: Site, path: str) -> None:
    refused(closed.get(path), 401, "needs a token")


def test_the_token_opens_by_address_cookie_and_header(closed: Site) -> None:
    assert closed.get("/api/about", Authorization=f"Bearer {TOKEN}")[0] == 200
    assert closed.get("/api/about", Authorization="Bearer wrong")[0] == 401
    status, headers, body = closed.get(f"/?token={TOKEN}")
    assert (status, headers["location"], body) == (303, "./", b"")
    cookie, *rest = headers["set-cookie"].split("; ")
    assert set(rest) == {"HttpOnly", "SameSite=Lax", "Path=/"}
    assert closed.get(f"/?token={TOKEN}", X_Forwarded_Proto="https")[1]["set-cookie"].endswith("; Secure")
    assert cookie.startswith(f"selfvec-{closed.port}=")
    assert closed.get("/", Cookie=cookie)[0] == 200
    assert closed.get("/", Cookie=f"{cookie}x")[0] == 401
    assert closed.get("/", Cookie="a=b; ;;=")[0] == 401
    assert closed.get(f"/api/about?token={TOKEN}")[0] == 401  # an address in a log must not open the rest
