# SPDX-License-Identifier: Apache-2.0
"""Server reflection as grpcurl and other clients without .proto files use it."""

from __future__ import annotations

import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2 as messages
from grpc_reflection.v1alpha import reflection_pb2_grpc as reflection
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from aws import create_job
from program import ROOT
from stubs import SERVICE
from wire import Connection, message

Request = messages.ServerReflectionRequest
VERSIONS = ["v1", "v1alpha"]
SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    SERVICE,
    "iot.jobs.dataplane.v1.JobsPresignService",
    "iot.jobs.dataplane.v1.JobsWatchService",
]
PROTO = "iot/jobs/dataplane/v1/jobs_data_plane.proto"


def ask(channel: grpc.Channel, *requests: Request, version: str = "v1alpha"):
    """One stream's answers. The messages of v1 and v1alpha are the same on the wire."""
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=Request.SerializeToString,
        response_deserializer=messages.ServerReflectionResponse.FromString,
    )
    return list(call(iter(requests), timeout=20))


def files(answer) -> list[str]:
    return [
        descriptor_pb2.FileDescriptorProto.FromString(one).name
        for one in answer.file_descriptor_response.file_descriptor_proto
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_services_are_listed(channel, version):
    request = Request(host="h", list_services="*")
    (answer,) = ask(channel, request, version=version)
    assert [one.name for one in answer.list_services_response.service] == SERVICES
    assert answer.original_request == request
    assert answer.valid_host == "h"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_symbol_brings_its_file_and_what_that_needs_once(channel, version):
    first, second, third = ask(
        channel,
        Request(file_containing_symbol=f"{SERVICE}.UpdateJobExecution"),
        Request(file_containing_symbol="iot.jobs.dataplane.v1.JobExecution.thing_name"),
        Request(file_by_filename="google/rpc/status.proto"),
        version=version,
    )
    assert files(first)[0] == PROTO
    assert files(second) == [PROTO]
    assert files(third) == ["google/rpc/status.proto", "google/protobuf/any.proto"]


def test_what_there_is_not_is_told_and_the_stream_goes_on(channel):
    answers = ask(
        channel,
        Request(file_by_filename="no.proto"),
        Request(file_containing_symbol="no.Symbol"),
        Request(
            file_containing_extension=messages.ExtensionRequest(
                containing_type="google.rpc.Status", extension_number=1
            )
        ),
        Request(all_extension_numbers_of_type="no.Message"),
        Request(all_extension_numbers_of_type="google.rpc.Status"),
    )
    assert [one.error_response.error_code for one in answers] == [5, 5, 5, 5, 0]
    numbers = answers[4].all_extension_numbers_response
    assert (numbers.base_type_name, list(numbers.extension_number)) == ("google.rpc.Status", [])


def test_a_request_without_a_question_is_refused(channel):
    with pytest.raises(grpc.RpcError) as error:
        ask(channel, Request(host="h"))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_requests_on_one_stream_are_bounded(channel):
    with pytest.raises(grpc.RpcError) as error:
        ask(channel, *[Request(list_services="") for _ in range(1_001)])
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert len(ask(channel, *[Request(list_services="") for _ in range(1_000)])) == 1_000


def test_the_whole_schema_is_there(channel):
    """Everything that .proto files declare is found under its name and resolves."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == SERVICES
    pool = descriptor_pool.DescriptorPool(database)
    committed = descriptor_pb2.FileDescriptorSet.FromString(
        (ROOT / "Protos/descriptors.binpb").read_bytes()
    )
    for file in committed.file:
        found = pool.FindFileByName(file.name)
        copy = descriptor_pb2.FileDescriptorProto()
        found.CopyToProto(copy)
        assert [one.name for one in copy.message_type] == [one.name for one in file.message_type]
        for service in file.service:
            name = f"{file.package}.{service.name}"
            methods = pool.FindServiceByName(name).methods
            assert [one.name for one in methods] == [one.name for one in service.method]


def test_a_client_without_protos_makes_a_call(channel, iot, thing, job):
    """What grpcurl does: descriptors by reflection, JSON in, JSON out."""
    create_job(iot, job, thing)
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    method = pool.FindServiceByName(SERVICE).methods_by_name["StartNextPendingJobExecution"]
    ask_type, answer_type = map(
        message_factory.GetMessageClass, (method.input_type, method.output_type)
    )
    call = channel.unary_unary(
        f"/{SERVICE}/{method.name}",
        request_serializer=ask_type.SerializeToString,
        response_deserializer=answer_type.FromString,
    )
    answer = call(json_format.Parse(f'{{"thingName": "{thing}"}}', ask_type()), timeout=20)
    assert json_format.MessageToDict(answer)["execution"]["jobId"] == job


def test_reflection_can_be_switched_off(start, emulator):
    gateway = start(emulator.url, "--reflection", "false")
    with grpc.insecure_channel(gateway.address) as closed:
        for version in VERSIONS:
            with pytest.raises(grpc.RpcError) as error:
                ask(closed, Request(list_services=""), version=version)
            assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_one_who_asks_and_does_not_read_costs_a_window(gateway):
    """The next request is read when its answer has room, so what waits is bounded."""
    path = {":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"}
    question = message(Request(file_by_filename=PROTO).SerializeToString())
    with Connection(gateway.address, initial_window=0) as connection:
        settings = connection.h2.remote_settings
        assert connection.pump(lambda: settings.initial_window_size == 131_072)
        stream = connection.request(headers=path, end=False)
        sent = 0
        while connection.h2.local_flow_control_window(stream) >= len(question):
            connection.send(stream, question, end=False)
            sent += 1
        assert sent >= 2_000
        assert not connection.pump(
            lambda: connection.h2.local_flow_control_window(stream) > 2 * len(question), 0.5
        )
        assert connection.replies[stream].data == b""
    with grpc.insecure_channel(gateway.address) as channel:
        assert len(ask(channel, Request(list_services=""))) == 1


def test_a_drain_ends_a_reflection_stream(start, emulator):
    gateway = start(emulator.url)
    with grpc.insecure_channel(gateway.address) as channel:
        released = threading.Event()

        def requests():
            yield Request(list_services="")
            released.wait(20)

        call = reflection.ServerReflectionStub(channel).ServerReflectionInfo(requests())
        next(call)
        gateway.terminate()
        with pytest.raises(grpc.RpcError) as error:
            next(call)
        released.set()
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert gateway.wait(10) == 0
