# SPDX-License-Identifier: Apache-2.0
"""AWS behind a proxy: CONNECT, then TLS with AWS itself, and never a secret for the proxy."""

from __future__ import annotations

import base64
import json

import grpc
import pytest

from callers import Answered, calling, pending, update
from certificates import Authority
from http_server import Answer, Received, Server
from program import Gateway, eventually
from proxy import ESTABLISHED, Proxy
from raw_server import RawServer, silent
from upstream import Upstream

Code = grpc.StatusCode
# No name server knows it: the proxy alone finds the way.
HOST = "abc123.jobs.iot.us-east-1.test"
URL = f"https://{HOST}"


@pytest.fixture
def bundle(tmp_path) -> tuple[Authority, str]:
    authority = Authority()
    file = tmp_path / "authorities.pem"
    file.write_bytes(authority.pem)
    return authority, str(file)


@pytest.fixture
def behind(bundle, tmp_path):
    """The AWS that proxies lead to."""
    with Upstream(tls=bundle[0].issue(HOST).server_context(tmp_path)) as server:
        yield server


@pytest.fixture
def through(bundle, start):
    """Starts gateways that reach `HOST` through a proxy."""

    def begin(proxy: str, url: str = URL, **env: str) -> Gateway:
        flags = ["--upstream-ca-bundle", bundle[1], "--upstream-connect-timeout", "1s"]
        return start(url, *flags, env={"HTTPS_PROXY": proxy, **env})

    return begin


def asked(gateway: Gateway, request=None) -> Answered:
    with calling(gateway) as call:
        return call(request or pending("t"), "no-cache")


def test_calls_go_through_a_tunnel_that_is_kept(behind, through):
    with Proxy(behind.port) as proxy:
        gateway = through(proxy.url)
        with calling(gateway) as call:
            for _ in range(10):
                answered = call(pending("t"), "no-cache")
                assert answered.ok, answered.failure
        assert len(proxy.tunnels) <= 4
        connect = proxy.tunnels[0]
        assert connect.line == f"CONNECT {HOST}:443 HTTP/1.1"
        assert connect.headers["host"] == f"{HOST}:443"
        # The proxy learns where to, and nothing else of the call.
        assert not {"authorization", "x-amz-security-token"} & set(connect.headers)
    assert behind.handshakes[0].server_name == HOST


def test_a_port_of_its_own_is_asked_for(behind, through):
    with Proxy(behind.port) as proxy:
        assert asked(through(proxy.url, f"{URL}:8443")).ok
        assert proxy.tunnels[0].target == f"{HOST}:8443"


def test_a_user_of_the_proxy_is_named_to_it_and_to_nobody_else(behind, through):
    with Proxy(behind.port) as proxy:
        gateway = through(f"http://user:p%40ss%3Aword@{proxy.address}")
        assert asked(gateway).ok
        given = proxy.tunnels[0].headers["proxy-authorization"]
        assert given == "Basic " + base64.b64encode(b"user:p@ss:word").decode()
        assert all(request.header("Proxy-Authorization") is None for request in behind.requests)
        said = json.dumps(gateway.records)
        assert "p%40ss" not in said and "p@ss" not in said and given.split()[1] not in said


@pytest.mark.parametrize("in_pieces", [False, True], ids=["at-once", "in-pieces"])
@pytest.mark.parametrize(
    "established",
    [
        ESTABLISHED,
        b"HTTP/1.0 200 OK\r\nVia: somebody\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n",
    ],
    ids=["plain", "old", "fields-that-mean-nothing-here"],
)
def test_any_2xx_opens_the_tunnel(behind, through, established, in_pieces):
    with Proxy(behind.port, established, in_pieces=in_pieces) as proxy:
        answered = asked(through(proxy.url))
        assert answered.ok, answered.failure


REFUSALS = {
    "auth": (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", ["407"]),
    "forbidden": (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", ["403"]),
    "bad-gateway": (b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", ["cannot reach the host"]),
    "redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://evil.test/\r\n\r\n", ["302"]),
    "not-http": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", []),
    "endless": (b"HTTP/1.1 200 OK\r\n" + b"x-filler: aaaaaaaa\r\n" * 10_000, []),
    "half": (b"HTTP/1.1 20", []),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_proxy_that_opens_no_tunnel_is_named_as_what_fails(behind, through, case):
    answer, words = REFUSALS[case]

    def serve(connection) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with RawServer(serve) as proxy:
        gateway = through(f"http://{proxy.address}")
        for request in (pending("t"), update("t", "j")):
            answered = asked(gateway, request)
            assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
            for word in ["proxy", *words]:
                assert word in answered.failure.message, answered.failure.message
        assert eventually(lambda: proxy.open == 0)
    assert behind.requests == []


def test_a_proxy_that_is_silent_is_given_up(behind, through):
    with RawServer(silent) as proxy:
        answered = asked(through(f"http://{proxy.address}"))
        assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
        assert "proxy" in answered.failure.message
        assert eventually(lambda: proxy.open == 0)


def test_a_proxy_that_shows_a_certificate_of_its_own_is_not_trusted(through, tmp_path):
    """What a company's proxy does to look inside; its authority must be named first."""
    stranger = Authority("Inspection").issue(HOST)
    folder = tmp_path / "stranger"
    folder.mkdir()
    with Upstream(tls=stranger.server_context(folder)) as inspecting:
        with Proxy(inspecting.port) as proxy:
            answered = asked(through(proxy.url))
        assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
        assert "Inspection" in answered.failure.message
        assert inspecting.requests == []


@pytest.mark.parametrize("exception", [HOST, ".test", "us-east-1.test", "*", f"{HOST}:443"])
def test_exceptions_are_reached_without_it(behind, through, exception):
    with Proxy(behind.port) as proxy:
        # Without the proxy the name leads nowhere.
        answered = asked(through(proxy.url, NO_PROXY=exception))
        assert (answered.code, answered.reason) == (Code.UNAVAILABLE, "CONNECTION")
        assert proxy.tunnels == []


def test_this_machine_is_reached_without_it(upstream, start):
    with Proxy(upstream.port) as proxy:
        gateway = start(upstream.url, env={"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url})
        assert asked(gateway).ok
        assert proxy.accepted == 0


def test_places_of_credentials_are_reached_without_it(cloud, gateway_in):
    with Proxy(cloud.upstream.port) as proxy:
        env = cloud.env(cloud.pod_identity(), {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url})
        assert asked(gateway_in(env)).ok
        assert proxy.accepted == 0


def test_sts_is_reached_through_it(cloud, gateway_in, bundle, tmp_path):
    """A pod without a way out has none to STS either."""
    authority, file = bundle
    host = "sts.us-east-1.test"
    context = authority.issue(host).server_context(tmp_path)
    with Server(cloud.sts.answer, tls=context) as sts:
        with Proxy(sts.port) as proxy:
            env = cloud.env(
                cloud.web_identity(),
                {
                    "AWS_ENDPOINT_URL_STS": f"https://{host}",
                    "HTTPS_PROXY": proxy.url,
                    "AWS_CA_BUNDLE": file,
                },
            )
            answered = asked(gateway_in(env))
            assert answered.ok, answered.failure
            assert [connect.target for connect in proxy.tunnels] == [f"{host}:443"]
    assert cloud.sources == ["WEB"]


def test_the_look_up_of_the_endpoint_goes_through_it(bundle, start, tmp_path):
    authority, file = bundle
    control = "iot.us-east-1.amazonaws.com"
    context = authority.issue(control, HOST).server_context(tmp_path)

    def respond(request: Received) -> Answer:
        return Answer.json({"endpointAddress": HOST} if "endpoint" in request.target else {})

    with Server(respond, tls=context) as behind:
        with Proxy(behind.port) as proxy:
            gateway = start(None, env={"HTTPS_PROXY": proxy.url, "AWS_CA_BUNDLE": file})
            assert eventually(lambda: asked(gateway).ok)
            targets = [connect.target for connect in proxy.tunnels]
            assert targets[0] == f"{control}:443" and targets[-1] == f"{HOST}:443"
