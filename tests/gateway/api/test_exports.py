"""The record over real HTTP: sheets, statistics, the chain's check, erasing a name."""

import asyncio
import contextlib
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession

from community_help_gateway.api import exports
from community_help_gateway.api.routes import Api
from community_help_gateway.contract.messages import GatewayInfo
from community_help_gateway.journal import chain
from community_help_gateway.model import lifecycle, people
from community_help_gateway.model.incident import Cause
from community_help_gateway.model.state import EventKind, Receipt
from tests.gateway.conftest import FakeClock
from tests.gateway.record.scenes import GUEST, Scene, a_fire, opened, site
from tests.gateway.record.test_drills import a_drill, a_night


class Site:
    """A scene and a client of its API."""

    def __init__(self, scene: Scene, base: str, session: ClientSession) -> None:
        """Everything runs."""
        self.scene = scene
        self.base = base
        self.session = session

    async def get(self, path: str, method: str = "GET", **headers: str) -> tuple[ClientResponse, bytes]:
        """An answer with its body."""
        async with self.session.request(method, f"{self.base}/api/v1/{path}", headers=headers) as response:
            return response, await response.read()

    async def read(self, path: str) -> Any:
        """The JSON of an answer that must be good."""
        response, body = await self.get(path)
        assert response.status == 200, body
        return json.loads(body)


@pytest.fixture
async def served(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Site]:
    """The compound with its API."""
    async with opened(tmp_path, site(), clock) as scene:
        api = Api(scene.hub, GatewayInfo("gw", "Gateway", "0"), "secret", None)
        await api.start("127.0.0.1", 0)
        assert api._runner is not None
        base = f"http://127.0.0.1:{api._runner.addresses[0][1]}"
        async with ClientSession(headers={"Authorization": "Bearer secret"}) as session:
            yield Site(scene, base, session)
        await api.stop()


PATHS = [
    ("GET", "incidents/x.json"),
    ("GET", "months/2026-11.csv"),
    ("GET", "statistics?month=2026-11"),
    ("GET", "exports/drills?month=2026-11"),
    ("GET", "record/verify"),
    ("DELETE", "names/zhang"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_nothing_is_told_without_the_token(served: Site, method: str, path: str) -> None:
    """Every route wants it."""
    for token in ("", "Bearer wrong"):
        response, _ = await served.get(path, method, Authorization=token)
        assert response.status == 401


async def test_an_incident_is_exported_in_three_forms(served: Site) -> None:
    """With file names, types, the language asked for, and the head of the chain that covers it."""
    fire = await a_fire(served.scene)
    data = await served.read(f"incidents/{fire.id}.json?lang=en")
    assert data["incident"]["cause"] == "cooking"
    assert data["events"][0]["kind"] == "raised"
    assert data["lines"][1]["what"] == "Paged tier 1: 张三 (new incident)"
    assert data["head"]["number"] >= data["events"][-1]["number"]
    response, body = await served.get(f"incidents/{fire.id}.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f'attachment; filename="community-help-incident-{fire.id}.csv"' == response.headers["Content-Disposition"]
    assert "警情处置记录单" in body.decode()
    response, body = await served.get(f"incidents/{fire.id}.html?lang=en")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert b"Incident record" in body


async def test_a_month_is_read_in_pieces(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the pieces, incidents and figures are the same, also for one that ended in the next month."""
    await served.scene.pass_(7 * 86400 + 43800)  # the last evening of November in China
    for _ in range(2):
        await a_fire(served.scene)
        await served.scene.pass_(5000)
    whole = await served.read("months/2026-11.json?lang=en")
    monkeypatch.setattr(exports, "CHUNK", 3)
    pieces = await served.read("months/2026-11.json?lang=en")
    assert pieces["incidents"] == whole["incidents"]
    assert pieces["figures"] == whole["figures"]
    assert [item["cause"] for item in whole["incidents"]] == ["cooking", "cooking"]
    assert whole["incidents"][1]["raised_at"] < exports.month_bounds("2026-12", served.scene.hub.site.zone)[0]
    assert whole["incidents"][1]["closed_at"] > exports.month_bounds("2026-12", served.scene.hub.site.zone)[0]
    assert (await served.read("statistics?month=2026-11"))["figures"] == whole["figures"]
    assert (await served.read("statistics?month=2026-12"))["figures"] == []


async def test_the_report_of_drills_is_read_in_pieces_in_three_forms(
    served: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small the pieces; the page opens in the browser, the table is a file, programs get every person."""
    await a_night(served.scene)
    await a_drill(served.scene)
    path = "exports/drills?month=2026-11"
    whole = await served.read(f"{path}&format=json")
    monkeypatch.setattr(exports, "CHUNK", 3)
    assert await served.read(f"{path}&format=json") == whole
    first, second = whole["self_tests"]
    assert (first["compound"], first["accepted"], first["people"]["zhang"]) == ("bay", True, "seen")
    assert (second["compound"], second["accepted"]) == ("hill", False)
    assert whole["people"]["zhang"] == "张三"
    assert [(drill["compound"], drill["points"]) for drill in whole["drills"]] == [
        ("bay", ["f201.smoke", "f202.smoke"])
    ]
    assert (await served.read("exports/drills?month=2026-10&format=json"))["self_tests"] == []
    response, body = await served.get(f"{path}&language=en")
    assert response.headers["Content-Disposition"] == 'inline; filename="community-help-drills-2026-11.html"'
    assert b"Drills and self-tests 2026-11" in body
    response, body = await served.get(f"{path}&format=csv&lang=zh-Hans")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "演练与自检" in body.decode()


async def test_what_was_not_permitted_is_in_the_months_sheet(served: Site) -> None:
    """About an incident or a place, by whom, and when; in every form."""
    await served.scene.say("f201")
    fire = served.scene.incident()
    await served.scene.decide(lifecycle.not_permitted, what="close", incident_id=fire.id, person=GUEST)
    await served.scene.decide(lifecycle.not_permitted, what="start_drill", subject="bay", person=GUEST)
    data = await served.read("months/2026-11.json")
    assert [(item["person"], item["what"]) for item in data["refusals"]] == [
        ("guest", "close"),
        ("guest", "start_drill"),
    ]
    for form in ("csv", "html"):
        _, body = await served.get(f"months/2026-11.{form}?lang=zh-Hans")
        assert "因无权限被拒绝" in body.decode()
        assert "开始演练" in body.decode()
    lines = (await served.read(f"incidents/{fire.id}.json?lang=en"))["lines"]
    assert lines[-1]["what"] == "赵六 wanted to: close the incident. Not permitted"


async def test_an_incidents_sheet_shows_how_far_each_page_is_proven(served: Site) -> None:
    """As a table of its own in every form."""
    await served.scene.say("f201")
    fire = served.scene.incident()
    await served.scene.decide(people.receive, receipt=Receipt(fire.page, "seen", 0.0, "p1", "zhang"))
    await served.scene.pass_(11)
    (whole, zhang) = (await served.read(f"incidents/{fire.id}.json?lang=en"))["proofs"]
    assert (whole["who"], whole["proof"]) == ("The page as a whole", "not taken over in time 09:30:25")
    assert (zhang["who"], zhang["phone"], zhang["proof"]) == ("张三", "p1", "seen 09:30:15")
    for form in ("csv", "html"):
        _, body = await served.get(f"incidents/{fire.id}.{form}?lang=en")
        assert b"How far each page is proven" in body


BAD = [
    ("months/2026-13.csv", 400, "bad_month"),
    ("months/2026-1.csv", 400, "bad_month"),
    ("months/9999-12.csv", 400, "bad_month"),
    ("months/0000-01.html", 400, "bad_month"),
    ("months/now.html", 400, "bad_month"),
    ("statistics", 400, "bad_month"),
    ("months/2026-11.pdf", 404, "no_such_export"),
    ("incidents/x", 404, "no_such_export"),
    ("incidents/.csv", 404, "no_such_export"),
    ("incidents/none-1.html", 404, "unrecorded_incident"),
    ("incidents/%00%F0.csv", 404, "unrecorded_incident"),
    ("months/2026-11.csv?lang=fr", 400, "bad_language"),
    ("exports/drills", 400, "bad_month"),
    ("exports/drills?month=2026-13", 400, "bad_month"),
    ("exports/drills?month=2026-11&format=pdf", 404, "no_such_export"),
    ("exports/drills?month=2026-11&language=fr", 400, "bad_language"),
    ("record/verify?number=1", 400, "bad_head"),
    ("record/verify?number=-1&hash=x", 400, "bad_head"),
    ("record/verify?number=99999999999999999999&hash=x", 400, "bad_head"),
]


@pytest.mark.parametrize(("path", "status", "code"), BAD)
async def test_what_cannot_be_answered_is_said(served: Site, path: str, status: int, code: str) -> None:
    """Status, code and a text that names what was expected."""
    response, body = await served.get(path)
    told = json.loads(body)
    assert (response.status, told["code"]) == (status, code)
    assert told["message"]


async def test_the_chain_is_checked_against_a_head_kept_elsewhere(served: Site) -> None:
    """Intact with the head of an export's foot; a head with another hash, or an altered entry, shows."""
    fire = await a_fire(served.scene)
    head = (await served.read(f"incidents/{fire.id}.json"))["head"]
    verdict = await served.read(f"record/verify?number={head['number']}&hash={head['hash']}")
    assert (verdict["intact"], verdict["head"], verdict["broken"]) == (True, head, None)
    assert verdict["checked"] == head["number"]
    assert (await served.read(f"record/verify?number={head['number']}&hash={'0' * 64}"))["intact"] is False
    file = served.scene.hub.journal.file
    with contextlib.closing(sqlite3.connect(file, autocommit=True)) as writer:
        writer.execute("UPDATE entry SET body = replace(body, '清水湾', '清水弯') WHERE number = 3")
    assert (await served.read("record/verify"))["broken"] == 3


async def test_an_erased_name_is_nowhere_and_the_chain_holds(served: Site, tmp_path: Path) -> None:
    """Not in exports, not in any record or answer to a command, also after a restart; ids stay and the chain too."""
    await served.scene.say("f201")
    fire = served.scene.incident()
    await served.scene.take(fire, GUEST)
    await served.scene.close(fire, Cause.DUST, who=GUEST)
    before = await served.read(f"incidents/{fire.id}.json")
    assert any("赵六" in line["what"] for line in before["lines"])
    response, _ = await served.get("names/guest", "DELETE")
    assert response.status == 200
    for form in ("json", "csv", "html"):
        _, body = await served.get(f"incidents/{fire.id}.{form}")
        assert "赵六" not in body.decode()
        assert "姓名已删除" in body.decode()
    hub = served.scene.hub
    head = chain.Head(before["head"]["number"], before["head"]["hash"])
    assert chain.verify(hub.journal.file, head).broken is None
    (erased,) = await hub.journal.between(0, 1e12, [EventKind.NAME_ERASED], 0, 10)
    assert erased.subject == "guest"
    with contextlib.closing(sqlite3.connect(hub.journal.file)) as reader:
        dump = "".join(reader.iterdump())
    assert "赵六" not in dump
    assert "\\u8d75" not in dump
    assert "guest" in dump
    assert not [answer for answer in hub._answers.values() if "赵六" in answer or "\\u8d75" in answer]


async def test_a_name_that_is_needed_or_unknown_is_not_erased(served: Site) -> None:
    """Who is in the roster is paged by name; a second time there is nothing to erase."""
    response, body = await served.get("names/zhang", "DELETE")
    assert (response.status, json.loads(body)["code"]) == (409, "still_on_roster")
    response, body = await served.get("names/nobody", "DELETE")
    assert (response.status, json.loads(body)["code"]) == (404, "unknown_name")


@pytest.mark.parametrize(
    ("path", "work"),
    [
        ("incidents/{}.html", "incident_html"),
        ("months/2026-11.html", "month_html"),
        ("months/2026-11.csv", "month_csv"),
        ("statistics?month=2026-11", "statistics_of"),
        ("exports/drills?month=2026-11", "drills_html"),
        ("exports/drills?month=2026-11&format=csv", "drills_csv"),
        ("record/verify", "chain.verify"),
    ],
)
async def test_the_work_is_done_beside_the_loop(
    served: Site, monkeypatch: pytest.MonkeyPatch, path: str, work: str
) -> None:
    """Sheets, figures and the chain are made in a thread of their own, so an alarm is judged meanwhile."""
    await served.scene.say("f201")
    begun, go_on = threading.Event(), threading.Event()
    owner, name = (chain, "verify") if work == "chain.verify" else (exports, work)
    real = getattr(owner, name)

    def slow(*given: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        return real(*given)

    monkeypatch.setattr(owner, name, slow)
    export = asyncio.create_task(served.get(path.format(served.scene.incident().id)))
    async with asyncio.timeout(10):
        while not begun.is_set():
            await asyncio.sleep(0.001)
        await served.scene.say("f202")
    assert served.scene.incident().detectors == 2
    assert not export.done()
    go_on.set()
    response, _ = await export
    assert response.status == 200
