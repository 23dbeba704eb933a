# SPDX-License-Identifier: Apache-2.0
"""Client code generated from Protos/ when it is first imported, as a user would generate it."""

from __future__ import annotations

import atexit
import importlib
import pathlib
import shutil
import sys
import tempfile

import grpc_tools
from grpc_tools import protoc

_PROTOS = pathlib.Path(__file__).resolve().parents[2] / "Protos"
_PACKAGE = "iot/jobs/dataplane/v1"
_folder = tempfile.mkdtemp(prefix="iot-jobs-stubs-")
atexit.register(shutil.rmtree, _folder)


def _generate() -> None:
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    status = protoc.main(
        [
            "protoc",
            f"--proto_path={_PROTOS}",
            f"--proto_path={well_known}",
            f"--python_out={_folder}",
            f"--grpc_python_out={_folder}",
            *(str(path.relative_to(_PROTOS)) for path in (_PROTOS / _PACKAGE).glob("*.proto")),
        ]
    )
    if status != 0:
        raise RuntimeError(f"protoc ended with {status}")
    sys.path.insert(0, _folder)


def _modules(name: str):
    """Messages and services of one file."""
    module = f"{_PACKAGE}/{name}".replace("/", ".")
    return (importlib.import_module(f"{module}{end}") for end in ("_pb2", "_pb2_grpc"))


_generate()
pb, rpc = _modules("jobs_data_plane")
presign_pb, presign_rpc = _modules("jobs_presign")
watch_pb, watch_rpc = _modules("jobs_watch")

SERVICE = "iot.jobs.dataplane.v1.JobsDataPlaneService"
STATUS = {
    name.removeprefix("JOB_EXECUTION_STATUS_"): value
    for name, value in pb.JobExecutionStatus.items()
}

# Has AWS asked for this very call: equal calls at the same time share one answer otherwise.
NO_CACHE = (("cache-control", "no-cache"),)
