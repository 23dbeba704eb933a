# SPDX-License-Identifier: Apache-2.0
"""The operator's page in a browser: it shows what happens, on any screen, and breaks no policy."""

from __future__ import annotations

import json
import os
import pathlib
import threading
from collections.abc import Iterator

import pytest

import browser
from aws import create_job
from browser import Page, running_browser
from callers import calling, describe, pending, update
from operator_page import ask
from program import Gateway, eventually

pytestmark = pytest.mark.skipif(
    browser.PROGRAM is None, reason="the operator's page in a browser: chromium is not installed"
)

# Wherever somebody wants to look at what the tests saw.
PICTURES = os.environ.get("OPERATOR_PICTURES")
SCREENS = [(1280, 900, False), (1280, 900, True), (390, 844, False), (390, 844, True)]
POLICY = {
    "thing_limit": "enforce",
    "thing_reads_per_second": 5,
    "account_reads_per_second": 50,
    "account_writes_per_second": 50,
    "cache_bytes": "1MiB",
    "upstream_warm_connections": 2,
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with running_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def shown(emulator) -> Iterator[Gateway]:
    with Gateway(emulator.url, "--operator-listen", "127.0.0.1:0", policy=POLICY) as gateway:
        yield gateway


@pytest.fixture
def page(chromium, shown) -> Iterator[Page]:
    opened = chromium.page()
    opened.look(1280, 900)
    opened.open(f"http://{shown.listener('operator')}/")
    opened.wait("document.querySelectorAll('#figures dd').length > 0")
    yield opened
    opened.close()
    assert opened.complaints == []
    strangers = [url for url in opened.requests if not url.startswith(("data:", opened.origin))]
    assert strangers == []


@pytest.fixture
def load(shown, iot, thing, job) -> Iterator[str]:
    """Calls of every outcome, again and again."""
    create_job(iot, job, thing, f"{thing}-greedy")
    over = threading.Event()

    def run() -> None:
        with calling(shown) as call:
            while not over.wait(0.02):
                call(describe(thing, job))
                for _ in range(4):
                    call(describe(f"{thing}-greedy", job), "no-cache")
                call(describe(thing, "absent"))
                call(pending("no such thing"))
                call(update(thing, job))

    caller = threading.Thread(target=run)
    caller.start()
    yield f"{thing}-greedy"
    over.set()
    caller.join()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.photograph(pathlib.Path(PICTURES) / f"{name}.png", whole=True)


def drawn(page: Page, chart: str) -> int:
    """How many layers and lines of a chart have a length."""
    return page.run(
        f"[...document.querySelectorAll('#chart-{chart} .area, #chart-{chart} .curve')]"
        ".filter((path) => path.getTotalLength() > 3).length"
    )


def legend(page: Page, chart: str) -> dict[str, str]:
    """What the table beside a chart says of now, by series."""
    return page.run(
        f"Object.fromEntries([...document.querySelectorAll('#chart-{chart} tbody tr')]"
        ".map((row) => [row.cells[0].innerText.trim(), row.cells[1].innerText]))"
    )


def test_an_idle_gateway_is_calm(page):
    page.wait("document.querySelector('#attention').innerText.includes('Nothing needs attention')")
    assert page.text("#state") == "serving"
    assert page.run("document.querySelector('#chart-calls .empty').textContent") == "no calls"
    assert page.run("document.querySelectorAll('#charts svg').length") == 9


def test_under_load_every_chart_is_drawn(page, load):
    charts = "calls latency stages cache reads writes pool callers loops"
    for chart in charts.split():
        page.wait(
            f"[...document.querySelectorAll('#chart-{chart} .area, #chart-{chart} .curve')]"
            ".some((path) => path.getTotalLength() > 8)"
        )
    page.wait("document.querySelector('#offenders').innerText.includes('greedy')")
    assert drawn(page, "calls") >= 3
    assert legend(page, "calls")["failed"] == "0/s"
    assert float(legend(page, "calls")["answered"].removesuffix("/s")) > 0
    assert legend(page, "latency")["99 of 100 calls"].endswith(("ms", "s"))
    assert legend(page, "reads")["budget"] == "50/s"
    assert load in page.text("#offenders")
    for reason in ("THING_RATE_LIMITED", "RESOURCE_NOT_FOUND", "INVALID_FIELD"):
        assert reason in page.text("#failures")
    page.wait(f"document.querySelector('#attention').innerText.includes({json.dumps(load)})")
    assert "Limited" in page.text("#attention")
    picture(page, "load")


def test_it_fits_every_screen(page, load):
    page.wait("document.querySelector('#offenders').innerText.includes('greedy')")
    for width, height, dark in SCREENS:
        page.look(width, height, dark=dark)
        page.wait(f"innerWidth === {width} && document.querySelector('#chart-calls svg').clientWidth < {width}")
        assert page.run("document.documentElement.scrollWidth") <= width
        # No word of a chart is cut off at its edges.
        cut = page.run(
            "[...document.querySelectorAll('svg.plot')].flatMap((svg) => {"
            "const box = svg.getBoundingClientRect();"
            "return [...svg.querySelectorAll('text')].filter((text) => {"
            "const own = text.getBoundingClientRect();"
            "return own.left < box.left - 1 || own.right > box.right + 1; })"
            ".map((text) => `${svg.id}: ${text.textContent}`); })"
        )
        assert cut == []
        picture(page, f"{width}-{'dark' if dark else 'light'}")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(page, dark):
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text, as the browser computes the colours."""
    page.look(1280, 900, dark=dark)
    weak = page.run(
        """(() => {
          const parse = (text) => text.match(/[\\d.]+/g).map(Number);
          const light = (rgb) => {
            const [r, g, b] = rgb.map((part) => part / 255)
              .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = (element) => {
            for (let at = element; at; at = at.parentElement) {
              const colour = parse(getComputedStyle(at).backgroundColor);
              if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
            }
            return parse(getComputedStyle(document.body).backgroundColor);
          };
          const weak = [];
          for (const element of document.querySelectorAll('h1, h2, h3, p, dt, dd, th, td, li, li b, label, a, text, summary')) {
            if (!element.textContent.trim() || element.closest('.unseen, [hidden], .tip')) continue;
            const style = getComputedStyle(element);
            const ink = light(parse(element.tagName === 'text' ? style.fill : style.color));
            const paper = light(ground(element));
            const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
            if (contrast < 4.5) weak.push([element.textContent.slice(0, 40), contrast]);
          }
          return weak;
        })()"""
    )
    assert weak == []


def test_pointing_at_a_chart_tells_its_numbers(page, load):
    page.wait("document.querySelectorAll('#chart-calls .area').length >= 2")
    box = page.run(
        "(() => { const box = document.querySelector('#chart-calls svg').getBoundingClientRect();"
        "return [box.right - 12, box.top + 60]; })()"
    )
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
    page.wait("!document.querySelector('#tip').hidden")
    assert "answered" in page.text("#tip")
    assert page.run("document.querySelectorAll('.cursor').length") == 9
    picture(page, "tip")
    page.send("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    page.wait("document.querySelector('#tip').hidden")
    # Without a mouse.
    page.run("document.querySelector('#chart-latency svg').focus()")
    page.send("Input.dispatchKeyEvent", type="keyDown", key="ArrowLeft", code="ArrowLeft")
    page.wait("!document.querySelector('#tip').hidden")
    assert "9 of 10" in page.text("#tip")


def test_the_log_level_is_changed_on_the_page(page, shown):
    address = shown.listener("operator")
    for level in ("debug", "info"):
        page.wait("document.querySelector('#log-level') !== null")
        page.run(
            "(() => { const choice = document.querySelector('#log-level');"
            f"choice.value = {json.dumps(level)}; choice.dispatchEvent(new Event('change')); }})()"
        )
        assert eventually(lambda: ask(address, "/loglevel").json["level"] == level)  # noqa: B023


def test_the_configuration_is_found_on_the_page(page):
    page.run("document.querySelector('#config').open = true")
    page.wait("document.querySelectorAll('#config-table tbody tr').length > 20")
    first = page.text("#config-table tbody tr")
    assert "--" in first
    page.run(
        "(() => { const find = document.querySelector('#config-find'); find.value = 'drain-grace';"
        "find.dispatchEvent(new Event('input')); })()"
    )
    assert page.run("document.querySelectorAll('#config-table tbody tr').length") == 1
    page.look(390, 844)
    assert page.run("document.documentElement.scrollWidth") <= 390


def test_a_name_that_looks_like_markup_stays_a_name(page):
    """Things' names are strangers' words."""
    page.run(
        "table(document.querySelector('#offenders'), [{title: 'Thing'}],"
        "[{cells: ['<img src=x onerror=alert(1)>']}], '')"
    )
    assert page.text("#offenders").endswith("<img src=x onerror=alert(1)>")
    assert page.run("document.querySelectorAll('#offenders img').length") == 0


def test_the_policy_holds_against_a_script_that_came_in(page):
    ran = page.run(
        "(() => { const script = document.createElement('script');"
        "script.textContent = 'globalThis.cameIn = true'; document.body.append(script);"
        "return globalThis.cameIn === true; })()"
    )
    assert ran is False
    assert any("Content Security Policy" in text for text in page.complaints)
    page.complaints.clear()


def test_a_gateway_whose_upstream_fails_says_so(chromium, upstream, thing):
    """AWS answers 500 to everything; the circuit opens; the page says both, and where to look."""
    from http_server import Answer

    upstream.respond = lambda _: Answer.error("InternalFailureException", 500, "no")
    policy = {"breaker_failures": 5, "retry_attempts": 1}
    with (
        Gateway(upstream.url, "--operator-listen", "127.0.0.1:0", policy=policy) as gateway,
        calling(gateway) as call,
    ):
        page = chromium.page()
        page.look(1280, 900)
        page.open(f"http://{gateway.listener('operator')}/")
        page.wait("document.querySelectorAll('#figures dd').length > 0")

        def fails() -> bool:
            call(describe(thing, "job"))
            said = page.text("#attention")
            return "Circuit" in said and "Failing" in said and "CIRCUIT_OPEN" in page.text("#failures")

        assert eventually(fails, 40)
        assert "InternalFailureException" in page.text("#failures")
        assert page.run("document.querySelectorAll('#figures .bad').length") >= 1
        picture(page, "failing")
        gateway.terminate()
        assert gateway.wait() == 0
        page.wait("document.querySelector('#state').innerText.startsWith('no answer since')")
        picture(page, "gone")
        page.close()
