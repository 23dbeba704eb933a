# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong with an answer on its way, each as a change to the true one."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

from http_server import Answer

Spoil = Callable[[Answer], Answer]

# Never opened: what waits for it waits until the gateway gives up.
_NEVER = threading.Event()


def reset_before_headers(_: Answer) -> Answer:
    return Answer(instead="reset")


def closed_before_headers(_: Answer) -> Answer:
    return Answer(instead="close")


def cut_in_headers(answer: Answer) -> Answer:
    return dataclasses.replace(answer, cut_after=len(answer.head) - 10)


def cut_after_headers(answer: Answer) -> Answer:
    return dataclasses.replace(answer, cut_after=len(answer.head))


def cut_in_body(answer: Answer) -> Answer:
    return dataclasses.replace(answer, cut_after=len(answer.spelled) - 1)


def slow_headers(answer: Answer) -> Answer:
    return dataclasses.replace(answer, gate=_NEVER, gate_after=len(answer.head) - 10)


def slow_body(answer: Answer) -> Answer:
    return dataclasses.replace(answer, gate=_NEVER, gate_after=len(answer.head) + 1)


def no_answer(answer: Answer) -> Answer:
    return dataclasses.replace(answer, gate=_NEVER)


def _with_fields(answer: Answer, body: bytes, *fields: bytes) -> Answer:
    head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: application/json", *fields, b"", b""])
    return dataclasses.replace(answer, raw=head + body)


def chunk_size_of_letters(answer: Answer) -> Answer:
    return _with_fields(answer, b"xyz\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked")


def cut_in_chunk(answer: Answer) -> Answer:
    body = b"%x\r\n%s" % (len(answer.body) + 5, answer.body)
    return _with_fields(answer, body, b"Transfer-Encoding: chunked")


def no_last_chunk(answer: Answer) -> Answer:
    body = b"%x\r\n%s\r\n" % (len(answer.body), answer.body)
    return _with_fields(answer, body, b"Transfer-Encoding: chunked")


def two_lengths(answer: Answer) -> Answer:
    length = len(answer.body)
    fields = [b"Content-Length: %d" % length, b"Content-Length: %d" % (length + 1)]
    return _with_fields(answer, answer.body, *fields)


def length_and_chunks(answer: Answer) -> Answer:
    fields = [b"Content-Length: %d" % len(answer.body), b"Transfer-Encoding: chunked"]
    return _with_fields(answer, answer.body, *fields)


def negative_length(answer: Answer) -> Answer:
    return _with_fields(answer, answer.body, b"Content-Length: -1")


def huge_length(answer: Answer) -> Answer:
    return _with_fields(answer, answer.body, b"Content-Length: 99999999999999999999999")


def huge_header(answer: Answer) -> Answer:
    length = b"Content-Length: %d" % len(answer.body)
    return _with_fields(answer, answer.body, length, b"x-filler: " + b"a" * 1_000_000)


def many_headers(answer: Answer) -> Answer:
    length = b"Content-Length: %d" % len(answer.body)
    fillers = [b"x-filler-%d: a" % index for index in range(50_000)]
    return _with_fields(answer, answer.body, length, *fillers)


def header_with_nul(answer: Answer) -> Answer:
    length = b"Content-Length: %d" % len(answer.body)
    return _with_fields(answer, answer.body, length, b"x-bad: a\0b")


def not_http(answer: Answer) -> Answer:
    return dataclasses.replace(answer, raw=b"SSH-2.0-OpenSSH_9.2\r\n" * 3)


def tls_alert(answer: Answer) -> Answer:
    return dataclasses.replace(answer, raw=b"\x15\x03\x03\x00\x02\x02\x28")


def switching_protocols(answer: Answer) -> Answer:
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    return dataclasses.replace(answer, raw=head)


def endless_continues(answer: Answer) -> Answer:
    return dataclasses.replace(answer, raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000)


def body_too_long(answer: Answer) -> Answer:
    body = b'{"execution": "' + b"a" * 1_100_000 + b'"}'
    return dataclasses.replace(answer, body=body)


def half_json(answer: Answer) -> Answer:
    return dataclasses.replace(answer, body=answer.body[:-1])


def html(answer: Answer) -> Answer:
    page = b"<html><body>It works!</body></html>"
    return dataclasses.replace(answer, body=page, headers={"Content-Type": "text/html"})


def bytes_of_no_text(answer: Answer) -> Answer:
    return dataclasses.replace(answer, body=b'{"execution": {"jobId": "\xff\xfe"}}')


def two_documents(answer: Answer) -> Answer:
    return dataclasses.replace(answer, body=answer.body + b"{}")


def deep_json(answer: Answer) -> Answer:
    return dataclasses.replace(answer, body=b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


# What is well all the same.


def continues_first(answer: Answer) -> Answer:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    head = answer.head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    return dataclasses.replace(answer, raw=interim + head + answer.body)


def in_chunks(answer: Answer) -> Answer:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in answer.body)
    fields = [b"Transfer-Encoding: chunked", b"Connection: close"]
    return _with_fields(answer, chunks + b"0\r\n\r\n", *fields)


def until_the_end(answer: Answer) -> Answer:
    return _with_fields(answer, answer.body, b"Connection: close")


def status(code: int, **headers: str) -> Spoil:
    """An answer as load balancers give it: a status and a page."""
    page = b"<html><body>oops</body></html>"
    fields = {"Content-Type": "text/html"}
    fields |= {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda _: Answer(code, page, fields)


def refusal(name: str, code: int, **headers: str) -> Spoil:
    def spoil(_: Answer) -> Answer:
        answer = Answer.error(name, code)
        answer.headers |= {name.replace("_", "-"): text for name, text in headers.items()}
        return answer

    return spoil
