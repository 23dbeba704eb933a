# SPDX-License-Identifier: Apache-2.0
"""Flags, environment and file: what wins, and what a mistake is told."""

from __future__ import annotations

import json

import grpc
import pytest

from program import CREDENTIALS, Program, environment, eventually, run_to_end
from stubs import pb, rpc

ENDPOINT = ("--upstream-endpoint", "http://127.0.0.1:1")
REGION = ("--region", "us-east-1")
PORTS = ("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")


def refused(*arguments: str, env: dict[str, str] | None = None) -> str:
    """Starts a gateway that must not start, and returns what it says."""
    done = run_to_end("serve", *arguments, env={**CREDENTIALS, **(env or {})})
    assert 64 <= done.returncode <= 78, (done.returncode, done.stderr)
    assert "listening on" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--listen", "nowhere"),
        ("--listen", "127.0.0.1:99999"),
        ("--admin-listen", "127.0.0.1"),
        ("--upstream-endpoint", "ftp://x"),
        ("--upstream-endpoint", "http://user:secret@x"),
        ("--upstream-endpoint", "http://"),
        ("--region", "US EAST"),
        ("--threads", "0"),
        ("--threads", "many"),
        ("--log-level", "loud"),
        ("--log-format", "xml"),
        ("--upstream-attempt-timeout", "5"),
        ("--upstream-connect-timeout", "5 s"),
        ("--request-limit-bytes", "1"),
        ("--thing-limit", "sometimes"),
        ("--thing-reads-per-second", "0"),
        ("--thing-write-burst", "0"),
        ("--thing-limit-override", "lab-*=10"),
        ("--thing-limit-override", "*=off"),
        ("--account-reads-per-second", "fast"),
        ("--account-max-wait", "soon"),
        ("--cache-bytes", "5"),
        ("--describe-ttl", "1"),
        ("--start-next-check", "maybe"),
    ],
)
def test_a_wrong_flag_is_named_with_its_value_and_what_is_allowed(flag, value):
    base = {"--listen": PORTS[:2], "--upstream-endpoint": ENDPOINT, "--region": REGION}
    kept = [word for name, pair in base.items() if name != flag for word in pair]
    said = refused(*kept, flag, value)
    assert flag in said and " is not " in said
    assert value in said or "secret" in value


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IOT_JOBS_GATEWAY_THREADS", "-3"),
        ("IOT_JOBS_GATEWAY_LISTEN", "127.0.0.1:0,nowhere"),
        ("IOT_JOBS_GATEWAY_LOG_LEVEL", "LOUD"),
        ("IOT_JOBS_GATEWAY_ALLOW_INSECURE_REMOTE", "maybe"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(variable, value):
    said = refused(*ENDPOINT, *REGION, "--admin-listen", "127.0.0.1:0", env={variable: value})
    assert variable in said and value.split(",")[-1] in said


def test_a_flag_that_is_not_known_is_refused():
    assert "--lisen" in refused("--lisen", "127.0.0.1:0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("threads: many\n", ["threads", "many"]),
        ("thread: 1\n", ["thread"]),
        ("upstream:\n  endpont: http://x\n", ["upstream-endpont"]),
        ("threads: [1\n", []),
        ("- threads\n", []),
        ("threads: 1\nthreads: 2\n", ["threads"]),
        ("a: &a [*a]\n", []),
        ("\tthreads: 1\n", []),
        ("threads: 1\0\n", []),
    ],
    ids=repr,
)
def test_a_wrong_file_is_named_with_its_key_and_value(tmp_path, text, words):
    file = tmp_path / "gateway.yaml"
    file.write_text(text)
    said = refused(*ENDPOINT, *REGION, *PORTS, "--config", str(file))
    assert str(file) in said
    for word in words:
        assert word in said


def test_a_file_that_is_not_there_is_named(tmp_path):
    file = tmp_path / "nothing.yaml"
    assert str(file) in refused(*ENDPOINT, *REGION, "--config", str(file))


def test_without_a_region_it_does_not_start():
    for arguments in (PORTS, (*ENDPOINT, *PORTS)):
        said = refused(*arguments)
        assert "region" in said and "--region" in said and "AWS_REGION" in said


@pytest.mark.parametrize(
    ("flags", "env", "words"),
    [
        ((), {"AWS_USE_FIPS_ENDPOINT": "true"}, ["AWS_USE_FIPS_ENDPOINT", "--upstream-endpoint"]),
        (("--upstream-fips",), {}, ["--upstream-fips", "--upstream-endpoint"]),
        ((), {"AWS_PROFILE": "prod"}, ["AWS_PROFILE", "prod"]),
        ((), {"HTTP_PROXY": "http://a b"}, ["HTTP_PROXY"]),
    ],
    ids=["FIPS", "FIPS by flag", "profile", "proxy"],
)
def test_what_aws_settings_cannot_mean_is_named(flags, env, words):
    said = refused(*ENDPOINT, *REGION, *PORTS, *flags, env=env)
    for word in words:
        assert word in said


def test_a_ca_bundle_that_is_not_there_is_named_with_who_named_it():
    https = ("--upstream-endpoint", "https://127.0.0.1:1")
    said = refused(*https, *REGION, *PORTS, env={"AWS_CA_BUNDLE": "/nothing.pem"})
    assert "AWS_CA_BUNDLE" in said and "/nothing.pem" in said


def test_region_and_ca_bundle_may_come_from_the_profile(tmp_path):
    file = tmp_path / "config"
    file.write_text("[profile prod]\nregion = eu-west-1\nca_bundle = /nothing.pem\n")
    env = {"AWS_CONFIG_FILE": str(file), "AWS_PROFILE": "prod"}
    said = refused("--upstream-endpoint", "https://127.0.0.1:1", *PORTS, env=env)
    assert "ca_bundle in profile prod" in said and f"{file}, line 3" in said


def test_switching_verification_off_is_warned_of():
    with Program(
        *("serve", *REGION, *PORTS, "--upstream-endpoint", "https://127.0.0.1:1"),
        *("--upstream-insecure-skip-verification", "--log-format", "json"),
        env=CREDENTIALS,
    ) as program:
        assert program.listener("grpc")
        warnings = [record for record in program.records if record.get("level") == "warning"]
    assert "--upstream-insecure-skip-verification" in json.dumps(warnings)


def test_without_an_endpoint_the_accounts_own_is_looked_up():
    with Program(
        *("serve", *REGION, *PORTS, "--log-format", "json"),
        env={**CREDENTIALS, "AWS_ENDPOINT_URL_IOT": "http://127.0.0.1:1"},
    ) as program:
        assert eventually(lambda: program.logged("upstream endpoint is not known"))
        with grpc.insecure_channel(program.listener("grpc")) as channel:
            stub = rpc.JobsDataPlaneServiceStub(channel)
            with pytest.raises(grpc.RpcError) as error:
                stub.GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
                )
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "iot:DescribeEndpoint" in error.value.details()


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_may_come_from_awss_variables(variable):
    with Program(
        "serve",
        *ENDPOINT,
        *PORTS,
        "--log-format",
        "json",
        env={**CREDENTIALS, variable: "eu-west-1"},
    ) as program:
        assert program.listener("grpc")


def test_the_endpoint_may_come_from_awss_variable(upstream):
    env = {**CREDENTIALS, "AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE": upstream.url}
    with Program("serve", *REGION, *PORTS, "--log-format", "json", env=env) as program:
        with grpc.insecure_channel(program.listener("grpc")) as channel:
            rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
            )
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_a_listener_that_others_reach_must_be_allowed(listen):
    said = refused(*ENDPOINT, *REGION, "--admin-listen", "127.0.0.1:0", "--listen", listen)
    assert "--allow-insecure-remote" in said and listen.split(":")[0] in said


def test_a_listener_that_others_reach_can_be_allowed():
    with Program(
        *("serve", *ENDPOINT, *REGION, "--admin-listen", "127.0.0.1:0", "--log-format", "json"),
        *("--listen", "0.0.0.0:0", "--allow-insecure-remote"),
        env=CREDENTIALS,
    ) as program:
        assert program.listener("grpc").startswith("0.0.0.0:")


def bound(tmp_path, *, flag: bool, variable: bool, file: bool) -> str:
    """Where the gateway listens when some of the three sources say where."""
    arguments = ["serve", *ENDPOINT, *REGION, "--admin-listen", "127.0.0.1:0"]
    arguments += ["--log-format", "json"]
    env = dict(CREDENTIALS)
    if flag:
        arguments += ["--listen", "127.0.0.2:0"]
    if variable:
        env["IOT_JOBS_GATEWAY_LISTEN"] = "127.0.0.3:0"
    if file:
        path = tmp_path / "gateway.yaml"
        path.write_text("listen:\n  - 127.0.0.4:0\n")
        arguments += ["--config", str(path)]
    with Program(*arguments, env=env) as program:
        return program.listener("grpc").rsplit(":", 1)[0]


@pytest.mark.parametrize(
    ("sources", "host"),
    [
        ({"flag": True, "variable": True, "file": True}, "127.0.0.2"),
        ({"flag": False, "variable": True, "file": True}, "127.0.0.3"),
        ({"flag": False, "variable": False, "file": True}, "127.0.0.4"),
    ],
    ids=["flag", "environment", "file"],
)
def test_a_flag_beats_the_environment_and_that_the_file(tmp_path, sources, host):
    assert bound(tmp_path, **sources) == host


def test_the_file_may_be_named_by_a_variable(tmp_path, upstream):
    path = tmp_path / "gateway.yaml"
    path.write_text(
        f"# as deployed\nlisten: 127.0.0.1:0\nadmin-listen: 127.0.0.1:0\nregion: us-east-1\n"
        f"upstream:\n  endpoint: {upstream.url}\nlog-format: json\n"
    )
    env = {**CREDENTIALS, "IOT_JOBS_GATEWAY_CONFIG": str(path)}
    with Program("serve", env=env) as program:
        with grpc.insecure_channel(program.listener("grpc")) as channel:
            rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
            )
    assert len(upstream.requests) == 1


def test_limits_may_come_from_the_file_and_the_environment(tmp_path, upstream):
    path = tmp_path / "gateway.yaml"
    path.write_text(
        "thing:\n  reads-per-second: 0.01\n  read-burst: 5\n"
        "  limit-override:\n    - lab-*=0.01/3:off\n    - lab-7=off\n"
    )
    env = {**CREDENTIALS, "IOT_JOBS_GATEWAY_THING_READ_BURST": "2"}
    program = Program(
        *("serve", *REGION, *PORTS, "--upstream-endpoint", upstream.url, "--log-format", "json"),
        *("--config", str(path)),
        env=env,
    )
    allowed = {"door-1": 2, "lab-1": 3, "lab-7": 10}
    with program, grpc.insecure_channel(program.listener("grpc")) as channel:
        stub = rpc.JobsDataPlaneServiceStub(channel)
        for thing, expected in allowed.items():
            request = pb.GetPendingJobExecutionsRequest(thing_name=thing)
            codes = [
                # One after the other: equal calls at once would share one.
                stub.GetPendingJobExecutions.future(request, timeout=20).code()
                for _ in range(10)
            ]
            assert codes.count(grpc.StatusCode.OK) == expected, thing
    assert len(upstream.requests) == sum(allowed.values())


def test_a_strange_variable_with_our_prefix_only_warns():
    env = {**CREDENTIALS, "IOT_JOBS_GATEWAY_SERVICE_HOST": "10.0.0.1"}
    with Program("serve", *ENDPOINT, *REGION, *PORTS, "--log-format", "json", env=env) as program:
        assert program.listener("grpc")
        warnings = [record for record in program.records if record.get("level") == "warning"]
    assert "IOT_JOBS_GATEWAY_SERVICE_HOST" in json.dumps(warnings)
    assert "10.0.0.1" not in json.dumps(warnings)


def test_two_listeners_serve_alike(upstream, tmp_path):
    path = tmp_path / "socket"
    with Program(
        *("serve", *REGION, "--upstream-endpoint", upstream.url, "--admin-listen", "127.0.0.1:0"),
        *("--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--log-format", "json"),
        env=CREDENTIALS,
    ) as program:
        assert program.listener("admin")
        for target in (program.listener("grpc"), f"unix:{path}"):
            target = f"unix:{path}" if target.startswith(("unix:", "/")) else target
            with grpc.insecure_channel(target) as channel:
                rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name="t"),
                    timeout=20,
                    wait_for_ready=True,
                )
    assert len(upstream.requests) == 2


def test_without_credentials_it_starts_and_each_call_says_why(upstream):
    with Program(
        *("serve", *REGION, *PORTS, "--upstream-endpoint", upstream.url, "--log-format", "json"),
        env=environment(),
    ) as program:
        with grpc.insecure_channel(program.listener("grpc")) as channel:
            with pytest.raises(grpc.RpcError) as error:
                rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                    pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
                )
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert upstream.requests == []


@pytest.mark.parametrize("command", [[], ["serve"], ["check"], ["emulator"], ["demo"]])
def test_help_is_there_and_names_every_default(command):
    done = run_to_end(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("OVERVIEW") or "USAGE" in done.stdout
    if command == ["serve"]:
        assert "127.0.0.1:50051" in done.stdout and "127.0.0.1:9464" in done.stdout


def test_no_secret_is_logged(upstream):
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    with Program(
        *("serve", *REGION, *PORTS, "--upstream-endpoint", upstream.url, "--log-format", "json"),
        *("--log-level", "trace"),
        env=CREDENTIALS,
    ) as program:
        with grpc.insecure_channel(program.listener("grpc")) as channel:
            rpc.JobsDataPlaneServiceStub(channel).GetPendingJobExecutions(
                pb.GetPendingJobExecutionsRequest(thing_name="t"), timeout=20
            )
    text = json.dumps(program.records) + "".join(program.noise)
    assert secret not in text and "Signature=" not in text
