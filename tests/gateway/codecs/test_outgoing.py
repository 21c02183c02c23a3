"""Words, signatures, verdicts and pace of the fallback channels, without any network."""

import base64
import hashlib
import json
import threading
from typing import Any

import pytest
from hypothesis import given, strategies as st

from community_help_gateway.codecs.outgoing import (
    Channel,
    ChannelKind,
    Heartbeat,
    Notice,
    Outcome,
    Pace,
    heartbeat_request,
    request_for,
    retry_after,
    verdict,
)
from community_help_gateway.codecs.outgoing.formats import dingtalk_sign, feishu_sign
from community_help_gateway.codecs.outgoing.notice import TITLE_BYTES, cut, headline, message

NOW = 1795397415.25
URLS = {
    ChannelKind.NTFY: "https://ntfy.example",
    ChannelKind.WECOM: "https://wecom.example/cgi-bin/webhook/send?key=url-secret",
    ChannelKind.DINGTALK: "https://dingtalk.example/robot/send?access_token=url-secret",
    ChannelKind.FEISHU: "https://feishu.example/open-apis/bot/v2/hook/url-secret",
    ChannelKind.POST: "https://post.example/hook/url-secret",
}
BOTS = (ChannelKind.WECOM, ChannelKind.DINGTALK, ChannelKind.FEISHU)
EVERY_KIND = pytest.mark.parametrize("kind", list(ChannelKind))
ANY_CHARACTERS = (
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=60)
    | st.text("火警🔥a<\\\"'\n\x00\ud800", min_size=1, max_size=60)
    | st.just('"')
)
ANY_TEXT = st.just("") | st.builds(
    lambda text, size: (text * size)[:size], ANY_CHARACTERS, st.sampled_from([1, 60, 900, 20_000])
)
"""Short ones and ones far over every limit; lone surrogates, control characters and what JSON escapes."""


def channel(kind: ChannelKind, language: str = "zh-Hans", **more: Any) -> Channel:
    """A channel of that kind."""
    return Channel("c", kind, URLS[kind], topic="alarms" if kind is ChannelKind.NTFY else "", language=language, **more)


def notice(**changes: Any) -> Notice:
    """A fire on the second floor."""
    told: dict[str, Any] = {
        "page": "p1",
        "tag": "i1",
        "title": "火警 清水湾 1号楼",
        "text": "2层 201 烟感",
        "urgent": True,
    }
    return Notice(**told | changes)


def sent(kind: ChannelKind, told: Notice, language: str = "zh-Hans", **more: Any) -> dict[str, Any]:
    """The JSON that the service would get."""
    found: dict[str, Any] = json.loads(request_for(channel(kind, language, **more), told, NOW).body)
    return found


def words(kind: ChannelKind, body: dict[str, Any]) -> str:
    """What a person reads."""
    texts = {
        ChannelKind.NTFY: lambda: f"{body['title']}\n{body['message']}",
        ChannelKind.WECOM: lambda: body["text"]["content"],
        ChannelKind.DINGTALK: lambda: body["text"]["content"],
        ChannelKind.FEISHU: lambda: body["content"]["text"],
        ChannelKind.POST: lambda: f"{body['title']}\n{body['text']}",
    }
    return str(texts[kind]())


def hmac_sha256(key: bytes, content: bytes) -> str:
    """RFC 2104 written out, so that the signatures are not proved by the function that makes them."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + content).digest()
    return base64.b64encode(hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()).decode()


def test_the_signatures_are_the_services_own() -> None:
    """DingTalk keys with the secret over the text, Feishu keys with the text over nothing."""
    secret = "SEC0123456789abcdef"
    assert dingtalk_sign(secret, 1599360473123) == hmac_sha256(secret.encode(), f"1599360473123\n{secret}".encode())
    assert feishu_sign(secret, 1599360473) == hmac_sha256(f"1599360473\n{secret}".encode(), b"")


def test_a_signature_stays_the_same() -> None:
    """Known answers, made once with OpenSSL (`openssl dgst -sha256 -hmac`), for a change of either order."""
    assert dingtalk_sign("this is secret", 1599360473000) == "hXZTWifRGHclNuZSKxoXc//sh51SWfVfRIhcdeKs63I="
    assert feishu_sign("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


@given(ANY_TEXT, st.integers(0, 40) | st.integers(0, 3000))
def test_a_cut_never_breaks_a_character_nor_the_limit(text: str, limit: int) -> None:
    """What fits stays; what does not becomes the longest beginning that ends in whole characters and an ellipsis."""
    text = text.encode("utf-8", "replace").decode()
    left = cut(text, limit)
    assert len(left.encode("utf-8")) <= limit
    if len(text.encode("utf-8")) <= limit:
        assert left == text
    elif limit >= 3:
        assert left.endswith("…")
        assert text.startswith(left[:-1])
        assert len(left.encode("utf-8")) > limit - 4


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.booleans(), st.booleans(), st.sampled_from(["en", "zh-Hans"]))
def test_the_title_is_always_there(title: str, text: str, link: str, drill: bool, test: bool, language: str) -> None:
    """However long the rest: the whole headline comes first, and limit and encoding hold."""
    told = notice(title=title, text=text, link=link, drill=drill, test=test)
    whole = message(told, language, 2048)
    assert whole.startswith(headline(told, language))
    assert len(whole.encode("utf-8")) <= 2048
    assert len(headline(told, language).encode("utf-8")) <= TITLE_BYTES + 24


@EVERY_KIND
@given(ANY_TEXT, ANY_TEXT, ANY_CHARACTERS)
def test_every_service_gets_what_it_takes(kind: ChannelKind, title: str, text: str, odd: str) -> None:
    """Any text whatever becomes valid JSON within the service's limits, and carries the title."""
    told = notice(title=title, text=text, page=odd, tag=odd, link=odd)
    request = request_for(channel(kind), told, NOW)
    body = json.loads(request.body.decode("utf-8"))
    shown = words(kind, body)
    assert len(request.body) <= 20_000
    if kind is ChannelKind.WECOM:
        assert len(shown.encode("utf-8")) <= 2048
    if kind is ChannelKind.NTFY:
        assert len(body["message"].encode("utf-8")) <= 4096
    if kind in (ChannelKind.WECOM, ChannelKind.FEISHU):
        told = notice(title=title.replace("<", "＜"))
    assert shown.startswith(headline(told, "zh-Hans"))


@EVERY_KIND
def test_drill_and_test_are_marked_in_the_channels_language(kind: ChannelKind) -> None:
    """In front of the title, once; a real alarm carries no mark."""
    for language, drill, test in (("zh-Hans", "【演练】", "【测试】"), ("en", "[DRILL]", "[TEST]")):
        assert words(kind, sent(kind, notice(drill=True), language)).startswith(f"{drill}火警")
        assert words(kind, sent(kind, notice(test=True), language)).startswith(f"{test}火警")
        both = words(kind, sent(kind, notice(drill=True, test=True, title=f"火警 {test}"), language))
        assert both.startswith(f"{drill}火警 {test}")
        real = words(kind, sent(kind, notice(), language))
        assert drill not in real
        assert test not in real


def test_a_mark_that_the_cut_took_away_is_put_back() -> None:
    """A title that carries its mark beyond the limit is marked in front."""
    assert headline(notice(title="火" * 100 + "【演练】", drill=True), "zh-Hans").startswith("【演练】火")


def test_urgent_calls_everybody_and_the_rest_does_not() -> None:
    """Muted groups ring for a fire, and stay quiet for a low battery."""
    assert sent(ChannelKind.NTFY, notice())["priority"] == 5
    assert sent(ChannelKind.NTFY, notice(urgent=False))["priority"] == 3
    assert sent(ChannelKind.WECOM, notice())["text"]["mentioned_list"] == ["@all"]
    assert "mentioned_list" not in sent(ChannelKind.WECOM, notice(urgent=False))["text"]
    assert sent(ChannelKind.DINGTALK, notice())["at"] == {"isAtAll": True}
    assert sent(ChannelKind.DINGTALK, notice(urgent=False))["at"] == {"isAtAll": False}
    assert sent(ChannelKind.FEISHU, notice())["content"]["text"].endswith('<at user_id="all">所有人</at>')
    assert "<at" not in sent(ChannelKind.FEISHU, notice(urgent=False))["content"]["text"]


@pytest.mark.parametrize("kind", [ChannelKind.WECOM, ChannelKind.FEISHU])
def test_a_devices_name_calls_nobody(kind: ChannelKind) -> None:
    """Text that looks like a mention is shown, not carried out."""
    shown = words(kind, sent(kind, notice(urgent=False, text='<@zhang> <at user_id="all">', title="<@li>")))
    assert "<" not in shown


def test_a_page_is_one_notification_in_ntfy_and_the_next_page_another() -> None:
    """A repeated page updates in place; a further page of the incident must sound, so it may not be an update."""
    first = sent(ChannelKind.NTFY, notice())["sequence_id"]
    assert first == sent(ChannelKind.NTFY, notice(text="again"))["sequence_id"] == "p1"
    assert first != sent(ChannelKind.NTFY, notice(page="p2"))["sequence_id"]
    odd = sent(ChannelKind.NTFY, notice(page="页/1"))["sequence_id"]
    assert len(odd) == 64
    assert odd.isalnum()


def test_the_link_is_where_a_thumb_finds_it() -> None:
    """Ntfy opens it on a tap; the bots show it after the text; a monstrous one is left out."""
    link = "https://ha.example/incident/1"
    assert sent(ChannelKind.NTFY, notice(link=link))["click"] == link
    for kind in BOTS:
        assert link in words(kind, sent(kind, notice(link=link, text="x" * 9000)))
        assert "yyy" not in words(kind, sent(kind, notice(link="y" * 9000)))


def test_a_plain_post_tells_everything() -> None:
    """A program gets fields, not a sentence."""
    assert sent(ChannelKind.POST, notice(drill=True, link="https://ha.example")) == {
        "page": "p1",
        "incident": "i1",
        "title": "【演练】火警 清水湾 1号楼",
        "text": "2层 201 烟感",
        "urgent": True,
        "drill": True,
        "test": False,
        "link": "https://ha.example",
        "time": 1795397415,
    }


@EVERY_KIND
def test_no_repr_shows_a_secret(kind: ChannelKind) -> None:
    """Neither channel, request nor heartbeat."""
    made = channel(kind, token="token-secret", secret="sign-secret")
    shown = repr((made, request_for(made, notice(), NOW), Heartbeat("https://watch.example/url-secret")))
    assert "secret" not in shown.replace("repr", "")
    assert ".example" not in shown


def test_the_heartbeat_says_who_and_how_often() -> None:
    """Small JSON."""
    request = heartbeat_request(Heartbeat("https://watch.example"), "g1", 7)
    assert (request.method, json.loads(request.body)) == ("POST", {"gateway": "g1", "sequence": 7})


OK = {
    ChannelKind.NTFY: b'{"id":"x1","time":1,"event":"message","topic":"alarms"}',
    ChannelKind.WECOM: b'{"errcode":0,"errmsg":"ok"}',
    ChannelKind.DINGTALK: b'{"errcode":0,"errmsg":"ok"}',
    ChannelKind.FEISHU: b'{"code":0,"msg":"success","data":{}}',
    ChannelKind.POST: b"",
}


@EVERY_KIND
def test_the_services_own_yes_is_delivered(kind: ChannelKind) -> None:
    """Each in its own form."""
    assert verdict(kind, 200, OK[kind]).delivered


@pytest.mark.parametrize("kind", [kind for kind in ChannelKind if kind is not ChannelKind.POST])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>log in to the hotel's network</html>", b"[]", b"0", b"null", b"{}", b"\xff", b"[" * 60_000,
     b'{"errcode":false,"code":false}', b'{"errcode":"0","code":"0"}', b'{"errcode":null,"code":null}'],
)  # fmt: skip
def test_a_200_without_the_services_yes_is_not_delivered(kind: ChannelKind, body: bytes) -> None:
    """A login page in between, or any other JSON, is no delivery; it is worth another try."""
    assert verdict(kind, 200, body).outcome is Outcome.TRY_LATER


def test_a_deeply_nested_answer_is_survived_on_a_small_stack() -> None:
    """Some systems give a thread little room."""
    found: list[Outcome] = []
    before = threading.stack_size(256 * 1024)
    thread = threading.Thread(target=lambda: found.append(verdict(ChannelKind.WECOM, 200, b"[" * 60_000).outcome))
    thread.start()
    threading.stack_size(before)
    thread.join()
    assert found == [Outcome.TRY_LATER]


@pytest.mark.parametrize(
    ("kind", "code", "words_of_it"),
    [
        (ChannelKind.WECOM, 93000, "webhook URL"),
        (ChannelKind.WECOM, 12345, "error code 12345"),
        (ChannelKind.DINGTALK, 310000, "security settings"),
        (ChannelKind.FEISHU, 19021, "signature"),
        (ChannelKind.FEISHU, 19024, "keyword"),
    ],
)
def test_an_error_code_in_a_200_is_a_refusal_with_its_reason(kind: ChannelKind, code: int, words_of_it: str) -> None:
    """Its own words are not repeated: they may quote what was sent."""
    body = json.dumps({"errcode": code, "code": code, "errmsg": "key=url-secret", "msg": "key=url-secret"}).encode()
    found = verdict(kind, 200, body)
    assert found.outcome is Outcome.REFUSED
    assert words_of_it in found.reason
    assert "url-secret" not in found.reason


@pytest.mark.parametrize(
    ("kind", "code", "seconds"),
    [
        (ChannelKind.WECOM, 45009, 60),
        (ChannelKind.DINGTALK, 130101, 600),
        (ChannelKind.FEISHU, 11232, 60),
        (ChannelKind.WECOM, -1, 10),
        (ChannelKind.DINGTALK, -1, 10),
    ],
)
def test_too_many_or_busy_is_tried_later(kind: ChannelKind, code: int, seconds: float) -> None:
    """DingTalk closes its door for ten minutes."""
    found = verdict(kind, 200, json.dumps({"errcode": code, "code": code}).encode())
    assert (found.outcome, found.after) == (Outcome.TRY_LATER, seconds)


@EVERY_KIND
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.REFUSED), (400, Outcome.REFUSED), (401, Outcome.REFUSED), (404, Outcome.REFUSED),
        (408, Outcome.TRY_LATER), (429, Outcome.TRY_LATER), (500, Outcome.TRY_LATER), (503, Outcome.TRY_LATER),
    ],
)  # fmt: skip
def test_the_status_counts_even_with_a_yes_in_the_body(kind: ChannelKind, status: int, outcome: Outcome) -> None:
    """Only 2xx can be delivered."""
    assert verdict(kind, status, OK[kind]).outcome is outcome


def test_how_long_a_service_asks_to_wait_is_heard_within_bounds() -> None:
    """Seconds, a date, Feishu's own header; nonsense is nothing, and nobody holds a page back for a day."""
    assert retry_after({"Retry-After": "17"}, NOW) == 17
    assert retry_after({"x-ogw-ratelimit-reset": "52"}, NOW) == 52
    assert retry_after({"Retry-After": "Mon, 23 Nov 2026 01:31:15 GMT"}, NOW) == 59.75
    assert retry_after({}, NOW) is None
    assert verdict(ChannelKind.NTFY, 429, b"", 17).after == 17
    assert verdict(ChannelKind.NTFY, 429, b"").after == 60
    assert verdict(ChannelKind.NTFY, 429, b"", 9e9).after == 3600
    assert verdict(ChannelKind.NTFY, 429, b"", -5).after == 1


@given(st.text(max_size=60))
def test_any_header_is_survived(given_: str) -> None:
    """Whatever stands there."""
    found = retry_after({"Retry-After": given_}, NOW)
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize("kind", BOTS)
@given(st.lists(st.tuples(st.sampled_from([0, 0, 0, 0.1, 2]), st.sampled_from([0, 1, 8])), min_size=45, max_size=250))
def test_the_services_limit_is_never_crossed(kind: ChannelKind, tries: list[tuple[float, float]]) -> None:
    """In no minute (Feishu: nor second) arrive more than it takes, though each message is up to 8 s on its way."""
    pace, now, arrived = Pace(kind), 1000.0, []
    for gap, underway in tries:
        now += gap
        if wait := pace.wait(now, urgent=True):
            now += wait
            assert pace.wait(now, urgent=True) <= 1e-6
        arrived.append(now + underway)
    arrived.sort()
    for number, seconds in {ChannelKind.FEISHU: ((5, 1), (100, 60))}.get(kind, ((20, 60),)):
        for early, late in zip(arrived, arrived[number:], strict=False):
            assert late - early >= seconds - 1e-6


@pytest.mark.parametrize("kind", [ChannelKind.WECOM, ChannelKind.DINGTALK])
def test_waiting_as_told_is_enough_and_urgent_finds_a_place(kind: ChannelKind) -> None:
    """Fifteen notices that nobody wakes for leave five places for a fire."""
    pace = Pace(kind)
    assert [pace.wait(0, urgent=False) for _ in range(15)] == [0] * 15
    assert pace.wait(0, urgent=False) > 0
    assert [pace.wait(1, urgent=True) for _ in range(5)] == [0] * 5
    wait = pace.wait(2, urgent=True)
    assert wait > 0
    assert pace.wait(2 + wait, urgent=True) == 0


@pytest.mark.parametrize("kind", [ChannelKind.NTFY, ChannelKind.POST])
def test_who_has_no_limit_of_its_own_is_not_slowed_down(kind: ChannelKind) -> None:
    """Their servers say 429 when they mean it."""
    pace = Pace(kind)
    assert {pace.wait(0, urgent=False) for _ in range(500)} == {0}
