"""Reading an OData service again and again: a double with the habits and the failures of real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.services import odata_source, sync
from goals_tui.services.context import Services, open_services
from goals_tui.services.sync import Synced
from tests.services.odata_records import START, event
from tests.services.odata_service import Answer, Service, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as made:
        yield made


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def run(services: Services, service: Service, waits: list[float]) -> Callable[[], Synced]:
    services.syncs.add("Live", service.url, key_env="KEY")
    return lambda: services.syncs.run("live", env={"KEY": "s3cret"}, sleep=waits.append)


def ids(services: Services) -> list[str]:
    with services.workspace.events.connect() as connection:
        return [id_ for (id_,) in connection.execute("SELECT id FROM events ORDER BY id").fetchall()]


def wanted(service: Service) -> list[str]:
    return sorted(record["id"] for record in service.records["GoalEvents"])


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 7, 100])
def test_all_pages_are_read_and_again_only_what_is_new(
    services: Services, service: Service, run: Callable[[], Synced], links: bool, size: int
) -> None:
    """Also where one time fills more than a page, with and without links."""
    service.links, service.size = links, size
    done = run()
    assert (done.problem, done.as_json()["goals_added"], done.as_json()["events_added"]) == ("", 1, 21)
    assert ids(services) == wanted(service)
    assert set(service.keys) == {"s3cret"}
    service.records["GoalEvents"] += [event(50, START, id="new1", timestamp="2026-10-01T09:00:00.000Z")]
    service.records["GoalEvents"] += [event(51, START, id="late", timestamp="2026-10-01T07:55:00.000Z")]
    service.asked.clear()
    assert run().as_json()["events_added"] == 2
    assert any("timestamp%20ge%202026-10-01T07:53" in path for path in service.asked)
    assert run().as_json()["events_added"] == 0
    assert ids(services) == wanted(service)
    (source,) = services.syncs.all()
    assert source.last == services.clock() and source.as_json()["cursor"] == "2026-10-01T09:00:00.000Z"


def test_a_service_that_ignores_every_option_is_read_to_its_end(
    services: Services, service: Service, run: Callable[[], Synced]
) -> None:
    original = service.answer

    def plain(handler: BaseHTTPRequestHandler) -> Answer | None:
        handler.path = handler.path.partition("?")[0]
        return original(handler)

    service.answer, service.links, service.size = plain, False, 1000  # type: ignore[method-assign]
    assert run().problem == "" and ids(services) == wanted(service)
    assert len(service.asked) < 20


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], Answer]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _handler: (code, given, b'{"error": {"message": "not now"}}')


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"value": [{"id"')


def dead(_handler: BaseHTTPRequestHandler) -> None:
    return None


def test_what_passes_is_waited_for(
    services: Services, service: Service, run: Callable[[], Synced], waits: list[float]
) -> None:
    service.instead = {1: status(429, Retry_After="7"), 3: status(503), 5: cut, 7: dead, 8: status(500)}
    assert run().problem == "" and ids(services) == wanted(service)
    assert 7.0 in waits and len([wait for wait in waits if wait >= 1.0]) >= 5


def test_requests_are_paced(service: Service, run: Callable[[], Synced], waits: list[float]) -> None:
    service.size = 1
    run()
    assert len(service.asked) - 1 <= len(waits) and sum(waits) >= odata_source.PAUSE * (len(service.asked) - 1) - 2.0


def test_what_came_before_a_failure_stays_and_the_next_time_goes_on_there(
    services: Services, service: Service, run: Callable[[], Synced]
) -> None:
    """500 on the last page, five times: the pages before are imported, and the cursor stands behind them."""
    service.instead = {number: status(500) for number in range(9, 14)}
    done = run()
    assert "answers 500" in done.problem and "not now" in done.problem
    assert 0 < len(ids(services)) < 21
    (source,) = services.syncs.all()
    assert source.last is None and source.cursors["GoalEvents"] is not None
    service.instead = {}
    assert run().problem == "" and ids(services) == wanted(service)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (status(401), "refuses the key in KEY (401) (not now). It may have expired."),
        (status(403), "refuses the key in KEY (403)"),
        (status(404), "answers 404"),
        (status(302, Location="https://evil.example/"), "is at another address now (302)"),
        (status(429, Retry_After="9000"), "asks to wait for 9,000 seconds"),
        (lambda _handler: (200, {}, b"<html>"), "answers with something else than JSON"),
        (lambda _handler: (200, {}, b'{"value": 3}'), "answers without records"),
        (
            lambda _handler: (200, {}, b'{"error": {"message": "bad \x1b[31m"}}'),
            "answers with something else than JSON",
        ),
        (
            lambda _handler: (200, {}, b'{"value": [], "@odata.nextLink": "http://evil.example/Goals"}'),
            "names a page at another host (evil.example)",
        ),
    ],
)
def test_each_failure_is_one_line_without_the_key(
    services: Services,
    service: Service,
    run: Callable[[], Synced],
    answer: Callable[[BaseHTTPRequestHandler], Answer],
    says: str,
) -> None:
    service.instead = {1: answer}
    done = run()
    assert says in done.problem and "s3cret" not in done.problem and "\n" not in done.problem
    assert ids(services) == []


def test_a_service_that_is_not_there(services: Services, waits: list[float]) -> None:
    services.syncs.add("Gone", "http://127.0.0.1:9/v2.4")
    done = services.syncs.run("Gone", sleep=waits.append)
    assert "'Gone' at 127.0.0.1:9 can't be reached" in done.problem and "refused" in done.problem
    assert len(waits) >= odata_source.TRIES - 1


@pytest.mark.parametrize(
    "url",
    ["", "odata.example.com", "ftp://x/y", "https://u:p@x/", "https://x/?apikey=1", "http://[::1", "http://x:99999/"],
)
def test_addresses_that_are_refused(services: Services, url: str) -> None:
    with pytest.raises(RefusedError):
        services.syncs.add("Live", url)
    assert services.syncs.all() == []


def test_a_key_is_sent_over_https_only_and_never_stored(services: Services, service: Service) -> None:
    with pytest.raises(RefusedError, match="only sent over https"):
        services.syncs.add("Live", "http://odata.example.com/v2.4", key_env="KEY")
    with pytest.raises(RefusedError, match="not the key"):
        services.syncs.add("Live", service.url, key_env="a=b")
    services.syncs.add("Live", service.url, key_env="KEY")
    with pytest.raises(RefusedError, match="environment variable KEY"):
        services.syncs.run("Live", env={})
    services.syncs.run("Live", env={"KEY": "s3cret"}, sleep=lambda _seconds: None)
    for file in services.workspace.path.rglob("*"):
        assert not file.is_file() or b"s3cret" not in file.read_bytes()


def test_names(services: Services, service: Service) -> None:
    services.syncs.add("Live", service.url)
    with pytest.raises(RefusedError, match="already"):
        services.syncs.add("LIVE", service.url)
    for name in ("", "list", "x" * 500):
        with pytest.raises(RefusedError):
            services.syncs.add(name, service.url)
    with pytest.raises(NotFoundError, match="'Live'"):
        services.syncs.run("Lime")
    services.syncs.remove("live")
    assert services.syncs.all() == []


def test_chunks_are_imported_one_after_the_other(
    services: Services, service: Service, run: Callable[[], Synced], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync that dies leaves whole chunks, and a cursor behind them."""
    monkeypatch.setattr(odata_source, "CHUNK", 8)

    keep, kept = sync.Syncs._keep, []

    def dies_later(self: Any, *args: Any, **options: Any) -> None:
        kept.append(args)
        if len(kept) > 4:
            raise KeyboardInterrupt
        keep(self, *args, **options)

    done = run()
    assert len(done.imports) > 2 and ids(services) == wanted(service)
    assert all(batch.what == "sync Live" for batch in services.batches.summaries())
    service.records["GoalEvents"] += [
        event(90 + n, START, id=f"x{n:02}", timestamp=f"2026-10-01T10:{n:02}:00.000Z") for n in range(40)
    ]
    with monkeypatch.context() as patched:
        patched.setattr(sync.Syncs, "_keep", dies_later)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert 21 < len(ids(services)) < 61
    assert run().problem == "" and ids(services) == wanted(service)


def test_activities_are_read_where_they_are_wanted(services: Services, service: Service) -> None:
    said = {"id": "m1", "sessionId": "s", "inputText": "hello", "source": "user"}
    service.records["Conversations"] = [{**said, "timestamp": "2026-10-01T08:00:00.000Z"}]
    service.records["ExecutedSteps"] = []
    services.syncs.add("Live", service.url, activities=True)
    assert services.syncs.run("Live").as_json()["activities_added"] == 1
    assert open_services(services.workspace.path).activities.stats().activities == 1
