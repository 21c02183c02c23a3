"""The site file's part about fallback channels and the heartbeat."""

from typing import Any

import pytest
import voluptuous as vol

from community_help_gateway.channels import SCHEMA, Channel, ChannelKind, Heartbeat, channels_of, heartbeat_of

CHECK = vol.Schema(SCHEMA)
GOOD: dict[str, dict[str, Any]] = {
    "ntfy": {"url": "https://ntfy.sh", "topic": "alarms-7Yq", "token": "tk_secret"},
    "wecom": {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=url-secret"},
    "dingtalk": {"url": "https://oapi.dingtalk.com/robot/send?access_token=url-secret", "secret": "SECsecret"},
    "feishu": {"url": "https://open.feishu.cn/open-apis/bot/v2/hook/url-secret", "secret": "secret"},
    "post": {"url": "http://192.168.1.9:8080/hook/url-secret", "token": "secret"},
}


def channel(kind: str, /, **changes: Any) -> dict[str, Any]:
    """A right entry of that kind with some keys changed; ``None`` leaves a key out."""
    entry = {"id": kind, "kind": kind} | GOOD[kind] | changes
    return {key: value for key, value in entry.items() if value is not None}


def test_every_kind_is_read() -> None:
    """With the language of the community by default."""
    found = channels_of(CHECK({"fallback": [channel(kind) for kind in GOOD]}))
    assert [one.kind for one in found] == [ChannelKind(kind) for kind in GOOD]
    assert found[0] == Channel("ntfy", ChannelKind.NTFY, "https://ntfy.sh", token="tk_secret", topic="alarms-7Yq")
    assert {one.language for one in found} == {"zh-Hans"}


def test_compounds_and_language_are_kept() -> None:
    """As they stand."""
    (found,) = channels_of(CHECK({"fallback": [channel("post", compounds=["bay"], language="en")]}))
    assert (found.compounds, found.language) == (("bay",), "en")


def test_nothing_said_is_nothing_sent() -> None:
    """Both parts are optional."""
    assert channels_of(CHECK({})) == ()
    assert heartbeat_of(CHECK({})) is None


def test_the_heartbeat_is_read() -> None:
    """Every minute by default."""
    assert heartbeat_of(CHECK({"heartbeat": {"url": "https://hc.example/x"}})) == Heartbeat("https://hc.example/x", 60)
    given = CHECK({"heartbeat": {"url": "https://hc.example/x", "every": 30}})
    assert heartbeat_of(given) == Heartbeat("https://hc.example/x", 30.0)


def problem(data: dict[str, Any]) -> tuple[str, str]:
    """Place and text of the first error."""
    with pytest.raises(vol.MultipleInvalid) as raised:
        CHECK(data)
    first = raised.value.errors[0]
    return ".".join(str(getattr(part, "schema", part)) for part in first.path), first.msg


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/secret", "a.example/secret", "", "http://", "https:///secret", "http://a b.example/secret",
        "http://a.example/secret\n", "http://a.example:99999/secret", "http://a.example:0/secret", "http://a..b/secret",
        "http://me:secret@a.example/", "http://a.example/#secret", "http://[::1/secret", "http://火.example/secret",
        "javascript:alert('secret')", 7, None, ["http://a.example/secret"], "http://a.example/" + "secret" * 400,
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_named_without_being_shown(url: object) -> None:
    """It is a credential."""
    entry = channel("post") | {"url": url}
    where, text = problem({"fallback": [entry]})
    assert where == "fallback.0.url"
    assert text.startswith("expected a URL")
    assert "secret" not in text
    assert problem({"heartbeat": {"url": url}}) == ("heartbeat.url", text)


@pytest.mark.parametrize(
    ("kind", "changes", "where", "text"),
    [
        ("ntfy", {"topic": None}, "fallback.0", "a channel of kind ntfy needs topic"),
        ("ntfy", {"topic": "a/b"}, "fallback.0.topic", "expected a-z"),
        ("ntfy", {"url": "https://ntfy.sh/alarms"}, "fallback.0.url", "the topic has a line of its own"),
        ("ntfy", {"secret": "secret"}, "fallback.0.secret", "a channel of kind ntfy has no secret"),
        ("wecom", {"url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "fallback.0.url", "with key="),
        ("wecom", {"token": "secret"}, "fallback.0.token", "a channel of kind wecom has no token"),
        ("dingtalk", {"url": "https://oapi.dingtalk.com/robot/send"}, "fallback.0.url", "access_token="),
        ("feishu", {"url": "https://open.feishu.cn/open-apis/bot/hook/x"}, "fallback.0.url", "/bot/v2/hook/"),
        ("post", {"topic": "x"}, "fallback.0.topic", "a channel of kind post has no topic"),
        ("post", {"token": "se\r\ncret"}, "fallback.0.token", "expected 1 to 500 ASCII"),
        ("post", {"token": 7}, "fallback.0.token", "expected str"),
        ("post", {"kind": "sms"}, "fallback.0.kind", "must be one of"),
        ("post", {"id": "A b"}, "fallback.0.id", "expected a-z"),
        ("post", {"language": "de"}, "fallback.0.language", "must be one of"),
        ("post", {"adress": "https://secret"}, "fallback.0.adress", "extra keys not allowed"),
    ],
)
def test_what_does_not_fit_the_kind_is_named(kind: str, changes: dict[str, Any], where: str, text: str) -> None:
    """Found when the file is read, not when it burns; no text shows a value."""
    found = problem({"fallback": [channel(kind, **changes)]})
    assert found[0] == where
    assert text in found[1]
    assert "://" not in found[1]


def test_two_channels_of_one_name_are_refused() -> None:
    """A log names a channel by its id alone."""
    assert problem({"fallback": [channel("post"), channel("post")]}) == ("fallback.1.id", "post is there twice")
    many = [channel("post", id=f"p{number}") for number in range(33)]
    assert problem({"fallback": many}) == ("fallback", "expected at most 32 channels")


@pytest.mark.parametrize("every", [0, 9, 3601, "60", True])
def test_a_heartbeat_is_neither_a_flood_nor_a_rarity(every: object) -> None:
    """Ten seconds to an hour."""
    assert problem({"heartbeat": {"url": "https://hc.example", "every": every}})[0] == "heartbeat.every"
