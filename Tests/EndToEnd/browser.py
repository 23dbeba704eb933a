# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by the DevTools protocol over a pair of pipes: nothing but itself is needed."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class PageFailed(Exception):
    """The browser or a script in the page said no."""


class Page:
    """One tab. Everything that the page complained of stands in `complaints`."""

    def __init__(self, browser: Browser, session: str):
        self._browser, self._session = browser, session
        self.origin = ""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network", "Security"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters):
        return self._browser.send(method, parameters, self)

    @property
    def session(self) -> str:
        return self._session

    def heard(self, method: str, parameters: dict) -> None:
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def look(self, width: int, height: int, *, dark: bool = False, reduced_motion: bool = True) -> None:
        """As a screen of this size shows it, to somebody with these wishes."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.send(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                {
                    "name": "prefers-reduced-motion",
                    "value": "reduce" if reduced_motion else "no-preference",
                },
            ],
        )

    def open(self, url: str) -> None:
        self.origin = url.rstrip("/")
        answer = self.send("Page.navigate", url=url)
        if "errorText" in answer:
            raise PageFailed(answer["errorText"])
        self.wait("document.readyState === 'complete'")

    def close(self) -> None:
        self._browser.forget(self)

    def run(self, script: str):
        """The value of an expression in the page; a promise is waited for."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise PageFailed(answer["exceptionDetails"].get("exception", {}).get("description"))
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise PageFailed(f"never became true: {condition}")
            time.sleep(0.1)

    def text(self, selector: str) -> str:
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def photograph(self, path: pathlib.Path, *, whole: bool = False) -> None:
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            shot = self.send(
                "Page.captureScreenshot",
                captureBeyondViewport=True,
                clip={"x": 0, "y": 0, "scale": 1, "width": size["width"], "height": size["height"]},
            )
        else:
            shot = self.send("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))


class Browser:
    """The process, and messages to and from it: JSON texts, each behind which stands a NUL."""

    def __init__(self, folder: str):
        assert PROGRAM, "chromium is not installed"
        commands, self._commands = os.pipe()
        self._events, events = os.pipe()
        # The browser finds its ends at 3 and 4.
        script = f'exec 3<&{commands} 4>&{events}; exec "$0" "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", script, PROGRAM, "--headless=new", "--remote-debugging-pipe"]
            + [f"--user-data-dir={folder}", "--no-sandbox", "--disable-gpu", "--no-first-run"]
            + ["--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions"]
            + ["--hide-scrollbars", "--force-color-profile=srgb", "about:blank"],
            pass_fds=(commands, events),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(events)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._pages: dict[str, Page] = {}

    def page(self) -> Page:
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        page = Page.__new__(Page)
        self._pages[attached["sessionId"]] = page
        page.__init__(self, attached["sessionId"])
        return page

    def forget(self, page: Page) -> None:
        self.send("Target.detachFromTarget", {"sessionId": page.session})
        del self._pages[page.session]

    def send(self, method: str, parameters: dict, page: Page | None = None):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if page:
            message["sessionId"] = page.session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._next()
            if heard.get("id") == number:
                if "error" in heard:
                    raise PageFailed(f"{method}: {heard['error']['message']}")
                return heard["result"]
            if page := self._pages.get(heard.get("sessionId", "")):
                page.heard(heard.get("method", ""), heard.get("params", {}))

    def _next(self) -> dict:
        while b"\0" not in self._rest:
            if not select.select([self._events], [], [], 60)[0]:
                raise PageFailed("the browser says nothing")
            more = os.read(self._events, 1 << 20)
            if not more:
                raise PageFailed("the browser has gone")
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def close(self) -> None:
        os.close(self._commands)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._events)


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            yield browser
        finally:
            browser.close()
