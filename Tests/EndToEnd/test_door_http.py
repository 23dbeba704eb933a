# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 at the door, byte by byte: what is kept open, what is refused, and who may take how long."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from aws import create_job
from certificates import Authority
from door import Door, Line, client, get, key_file
from http_server import Answer
from metrics import scrape
from program import Gateway, eventually
from secure import Files, context

PATIENCE = [
    *("--request-timeout", "1s"),
    *("--write-timeout", "1s"),
    *("--handshake-timeout", "1s"),
    *("--connection-idle-timeout", "4s"),
]


@pytest.fixture(scope="module")
def door(emulator):
    with Door(emulator.url, None) as program:
        yield program


@pytest.fixture
def line(door):
    with Line(door.rest_address) as opened:
        yield opened


def post(body: str, *headers: str, length: int | None = None) -> str:
    lines = ["POST /things/nobody/jobs/j HTTP/1.1", "Host: h", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "".join(f"{one}\r\n" for one in lines) + "\r\n" + body


UPDATE = '{"status":"SUCCEEDED"}'


def test_a_connection_is_kept_and_pipelined_requests_are_answered_in_order(line):
    ids = [f"request-{number}" for number in range(50)]
    line.send("".join(get("/things/nobody/jobs", f"x-request-id: {one}") for one in ids))
    answers = [line.answer() for _ in ids]
    assert [answer.headers["x-request-id"] for answer in answers] == ids
    assert {answer.status for answer in answers} == {404}
    assert all("connection" not in answer.headers for answer in answers)


def test_a_slow_request_is_put_together(line):
    for byte in post(UPDATE):
        line.send(byte)
    assert line.answer().status == 404


def test_chunks_are_put_together(line):
    line.send(
        "POST /things/nobody/jobs/j HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        '9;x=y\r\n{"status"\r\nd\r\n:"SUCCEEDED"}\r\n0\r\nTrailer: t\r\n\r\n'
    )
    assert line.answer().status == 404


def test_who_asks_for_an_invitation_gets_one(line):
    line.send(post("", "Expect: 100-continue", length=len(UPDATE)))
    assert line.answer().status == 100
    line.send(UPDATE)
    assert line.answer().status == 404


def test_nobody_is_invited_to_send_too_much(line):
    line.send(post("", "Expect: 100-continue", length=10_000_000))
    answer = line.answer()
    assert (answer.status, answer.headers["connection"]) == (413, "close")


SMUGGLED = get("/things/smuggled/jobs")


@pytest.mark.parametrize(
    "head",
    [
        # Two lengths, or a length and a coding (RFC 9112 §6.3).
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length : 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        # Codings that one reader takes for chunked and another does not.
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        # Folded lines, bare ends of lines, bytes that are none of a header.
        "X: a\r\n Content-Length: 5\r\n",
        "X: a\r\n\tb\r\n",
        "X: a\rContent-Length: 5\r\n",
        "X: a\nContent-Length: 5\r\n",
        "X: a\0b\r\n",
        "X y: a\r\n",
        ": a\r\n",
        # Another host than the first.
        "Host: other\r\n",
    ],
    ids=repr,
)
def test_what_two_readers_may_read_apart_is_refused(door, head):
    with Line(door.rest_address) as line:
        line.send(f"POST /things/nobody/jobs/j HTTP/1.1\r\nHost: h\r\n{head}\r\n0\r\n\r\n{SMUGGLED}")
        answers = []
        with contextlib.suppress(ConnectionError):
            while answer := line.answer():
                answers.append(answer)
    assert [answer.status for answer in answers] == [400]
    assert answers[0].headers["connection"] == "close"


@pytest.mark.parametrize(
    "request_",
    [
        "GET http://h/things/t/jobs HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /things/t/jobs HTTP/1.1\r\n\r\n",
        "GET things/t/jobs HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /things/t/jobs HTTP/3.1\r\nHost: h\r\n\r\n",
        "GET /things/t/jobs\r\n\r\n",
        "GET /things/t /jobs HTTP/1.1\r\nHost: h\r\n\r\n",
        "get /things/t/jobs HTTP/1.1\r\nHost: h\r\n\r\n",
        "\x16\x03\x01\x02\x00",
    ],
    ids=repr,
)
def test_what_is_no_request_for_this_server_is_a_bad_one(door, request_):
    with Line(door.rest_address) as line:
        line.send(request_)
        assert line.answer().status == 400


def test_http2_is_told_what_is_spoken_here(door):
    with Line(door.rest_address) as line:
        line.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        answer = line.answer()
    assert answer.status == 400 and b"HTTP/1.1, not HTTP/2" in answer.body
    seen = scrape(door.admin_url)
    assert seen.value("iot_jobs_gateway_openings_refused_total", reason="http2") >= 1


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("".join(f"h{number}: v\r\n" for number in range(200)), 431),
        ("big: " + "x" * 40_000 + "\r\n", 431),
    ],
)
def test_heads_are_bounded(door, head, status):
    with Line(door.rest_address) as line:
        with contextlib.suppress(ConnectionError):
            line.send(f"GET /things/t/jobs HTTP/1.1\r\nHost: h\r\n{head}\r\n")
        assert line.answer().status == status


def test_a_target_is_bounded(line):
    line.send(get("/things/t/jobs?" + "x" * 16_400))
    answer = line.answer()
    # Whichever bound is met first, of the parser or of the reader behind it.
    assert answer.status in (400, 414, 431)


@pytest.fixture(scope="module")
def impatient(emulator):
    with Door(emulator.url, None, *PATIENCE) as program:
        yield program


@pytest.mark.parametrize(
    ("begun", "statuses"),
    [
        (get("/things/nobody/jobs") + "GET /things", [404, 408]),
        (get("/things/nobody/jobs") + post("{", length=20), [404, 408]),
    ],
)
def test_who_does_not_end_a_request_is_told_so(impatient, begun, statuses):
    with Line(impatient.rest_address) as line:
        # What comes behind an answered request has its time from its own first byte on.
        line.send(begun[: begun.index("\r\n\r\n") + 4])
        assert line.answer().status == statuses[0]
        started = time.monotonic()
        line.send(begun[begun.index("\r\n\r\n") + 4 :])
        assert line.answer().status == statuses[1]
        assert 0.9 < time.monotonic() - started < 10
        assert line.answer() is None


def test_who_never_says_a_word_is_let_go(impatient):
    with Line(impatient.rest_address) as line:
        assert line.answer() is None


def test_an_idle_connection_is_closed_in_the_end(impatient):
    with Line(impatient.rest_address) as line:
        line.send(get("/things/nobody/jobs"))
        assert line.answer().status == 404
        started = time.monotonic()
        assert line.answer() is None
        assert 3 < time.monotonic() - started < 15


def test_who_takes_no_answers_is_let_go_and_holds_little(impatient, iot, thing, job):
    create_job(iot, job, thing, document={"text": "x" * 30_000})
    asked = get(f"/things/{thing.replace(':', '%3A')}/jobs/{job}") * 50
    with Line(impatient.rest_address) as line:
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.socket.setblocking(False)
        # As many requests as the gateway lets in, for answers of some megabytes.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(100):
                line.socket.send(asked.encode())
        time.sleep(0.5)
        held = scrape(impatient.admin_url).value("iot_jobs_gateway_buffered_bytes")
        assert held < 1_000_000
        gone = lambda: scrape(impatient.admin_url).value(  # noqa: E731
            "iot_jobs_gateway_connections", listener="rest"
        ) == 0
        assert eventually(gone, 15)
    empty = lambda: scrape(impatient.admin_url).value("iot_jobs_gateway_buffered_bytes") == 0  # noqa: E731
    assert eventually(empty)


def test_a_drain_finishes_what_runs_and_closes_what_waits(upstream):
    def respond(_):
        time.sleep(1)
        return Answer()

    upstream.respond = respond
    with Door(upstream.url, None) as program:
        with Line(program.rest_address) as idle, Line(program.rest_address) as busy:
            busy.send(get("/things/t/jobs"))
            assert eventually(lambda: upstream.requests)
            idle.send(get("/nothing"))
            assert idle.answer().status == 404
            program.terminate()
            assert idle.answer() is None
            last = busy.answer()
            assert (last.status, last.headers["connection"]) == (200, "close")
            assert busy.answer() is None
        assert program.wait() == 0


def test_a_caller_that_leaves_takes_its_call_with_it(upstream):
    upstream.respond = lambda _: (time.sleep(2), Answer())[1]
    with Door(upstream.url, None) as program:
        with Line(program.rest_address) as line:
            line.send(get("/things/t/jobs"))
            assert eventually(lambda: upstream.requests)

        def counted() -> float:
            return scrape(program.admin_url).value(
                "iot_jobs_gateway_requests_total", code="CANCELLED"
            )

        assert eventually(lambda: counted() == 1)


@pytest.mark.parametrize("protocols", [(), ("http/1.1",), ("h2", "http/1.1")])
def test_tls_is_spoken_as_on_the_other_listeners(emulator, tmp_path, protocols):
    authority = Authority("callers")
    files = Files(tmp_path, authority.issue("127.0.0.1"))
    flags = [*files.flags(), "--rest-listen", "tls:127.0.0.1:0", "--rest-authentication", "none"]
    with Gateway(emulator.url, *flags) as program:
        host, port = program.listener("rest-tls").rsplit(":", 1)
        made = context(authority, tmp_path, protocols=protocols)
        with (
            socket.create_connection((host, int(port)), timeout=20) as plain,
            made.wrap_socket(plain, server_hostname=host) as secured,
        ):
            assert secured.selected_alpn_protocol() == ("http/1.1" if protocols else None)
            secured.sendall(get("/things/nobody/jobs").encode())
            assert secured.recv(64).startswith(b"HTTP/1.1 404 ")


def test_boto3_comes_over_tls(emulator, tmp_path, iot, thing, job):
    authority = Authority("callers")
    files = Files(tmp_path, authority.issue("127.0.0.1"))
    root = tmp_path / "root.pem"
    root.write_bytes(authority.pem)
    keys = key_file(tmp_path)
    create_job(iot, job, thing)
    flags = [*files.flags(), "--rest-listen", "tls:127.0.0.1:0", "--rest-key-file", str(keys)]
    with Gateway(emulator.url, *flags) as program:
        data = client(f"https://{program.listener('rest-tls')}", trust=str(root))
        assert data.get_pending_job_executions(thingName=thing)["queuedJobs"]
