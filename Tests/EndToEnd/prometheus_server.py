# SPDX-License-Identifier: Apache-2.0
"""A Prometheus that scrapes running gateways twice a second."""

from __future__ import annotations

import json
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

from program import ROOT, ProgramFailed

MONITORING = ROOT / "deploy" / "monitoring"
JOB = "iot-jobs-gateway"
NAMESPACE = "shop"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """Scrapes each gateway as a pod's. Rules are those of the deployment."""

    def __init__(self, folder: pathlib.Path, targets: Mapping[str, str]):
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = {
            "global": {"scrape_interval": "500ms", "evaluation_interval": "1s"},
            "rule_files": [str(MONITORING / "alerts.yaml")],
            "scrape_configs": [
                {
                    "job_name": JOB,
                    "static_configs": [
                        {"targets": [address], "labels": {"namespace": NAMESPACE, "pod": pod}}
                        for pod, address in targets.items()
                    ],
                }
            ],
        }
        # JSON is YAML.
        (folder / "prometheus.yml").write_text(json.dumps(configuration))
        self._log = (folder / "prometheus.log").open("w+")
        self._process = subprocess.Popen(
            [
                *("prometheus", f"--config.file={folder}/prometheus.yml"),
                *(f"--storage.tsdb.path={folder}/data", "--web.listen-address", self.url[7:]),
                "--enable-feature=exemplar-storage",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _ask(self, path: str, **parameters: str) -> object:
        text = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{text}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{parameters}: {error.read().decode()}") from None

    def await_ready(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                    return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise ProgramFailed(self._log.read()) from None
                time.sleep(0.05)

    def query(self, expression: str) -> list[dict]:
        """Samples now, each with `metric`, its labels, and `value`, a time and a text."""
        answer = self._ask("query", query=expression)
        assert answer["resultType"] == "vector", expression
        return answer["result"]

    def label_values(self, label: str, selector: str) -> list[str]:
        return self._ask(f"label/{label}/values", **{"match[]": selector})

    def series(self, selector: str) -> list[dict[str, str]]:
        return self._ask("series", **{"match[]": selector})

    def exemplars(self, expression: str) -> list[dict]:
        now = time.time()
        return self._ask("query_exemplars", query=expression, start=str(now - 600), end=str(now))

    def rules(self) -> list[dict]:
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
