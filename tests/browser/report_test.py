#!/usr/bin/env python3
"""Opens reports in headless Chromium, without a network, and asks the pages what they drew: one
with claims and a plan beside the results, two results laid over each other, and the largest one.

report_test.py LOADGEN SAMPLE [AXE]: exit status 0, 1 (a check failed) or 77 (skipped: no Chromium).
AXE is axe-core's script; without it the accessibility is not judged, and that is said.
SAMPLE is a program that prints a results.json; with "maximal" a large one, with "claims" claims.
It talks to Chromium through --remote-debugging-pipe: JSON messages that end with a zero byte.
"""
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

import accessibility

PATIENCE = 60  # seconds for each page


class Browser:
    def __init__(self, program, profile):
        to_us, from_browser = os.pipe()
        from_us, to_browser = os.pipe()
        self.read_end, self.write_end = to_us, to_browser

        def descriptors():
            os.dup2(from_us, 103)
            os.dup2(from_browser, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={profile}",
             "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=descriptors, close_fds=False)
        os.close(from_us)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []
        self.deadline = time.monotonic() + PATIENCE
        self.session = None

    def message(self):
        while b"\0" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                raise TimeoutError("Chromium did not answer in time")
            data = os.read(self.read_end, 1 << 16)
            if not data:
                raise RuntimeError("Chromium ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write_end, json.dumps(request).encode() + b"\0")
        while True:
            reply = self.message()
            if reply.get("id") == self.number:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def value(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0,
                  downloadThroughput=0, uploadThroughput=0)
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired")

    def close(self):
        self.process.kill()
        self.process.wait()


def complaints(events):
    """What the console said, and requests that went anywhere but to the page itself."""
    found = []
    for event in events:
        method, p = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            found.append("exception: " + json.dumps(p["exceptionDetails"])[:300])
        if method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            found.append("console: " + json.dumps(p["args"])[:300])
        if method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
            found.append("log: " + p["entry"]["text"][:300])
        if method == "Network.requestWillBeSent":
            url = p["request"]["url"]
            if not url.startswith(("file:", "data:", "blob:")):
                found.append("request to " + url[:200])
    return found


def check_page(browser, results, charts):
    failures = []

    def check(ok, what):
        if not ok:
            failures.append(what)

    specs = json.loads(browser.value("document.getElementById('charts').textContent"))
    found = [spec["id"] for spec in specs["charts"]]
    check(len(set(found)) == len(found), "two charts have one id")
    for name in charts:
        check(name in found, f"no chart {name}")
    check(browser.value("document.querySelectorAll('canvas').length") == len(specs["charts"]),
          "canvases and charts differ in number")
    for spec in specs["charts"]:
        name = spec["id"]
        drawn = browser.value(f"""(() => {{
            const chart = echotrio.charts.get({json.dumps(name)});
            const canvas = document.getElementById('chart-' + {json.dumps(name)});
            const as_first = chart.data.datasets.map((_, i) => chart.isDatasetVisible(i));
            as_first.forEach((_, i) => chart.setDatasetVisibility(i, true));
            chart.update('none');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const drawn = {{as_first, points: chart.data.datasets.map((set, i) => chart.getDatasetMeta(i).data
                        .filter((p, k) => set.data[k].x !== null && set.data[k].y !== null && Number.isFinite(p.x) && Number.isFinite(p.y)).length),
                    painted: pixels.some((byte) => byte !== 0)}};
            as_first.forEach((on, i) => chart.setDatasetVisibility(i, on));
            chart.update('none');
            return drawn;
        }})()""")
        expected = [len(series["points"]) for series in spec["series"]]
        check(drawn["points"] == expected, f"{name}: drew {drawn['points']} of {expected} points")
        check(drawn["painted"], f"{name}: nothing painted")
        check(drawn["as_first"] == [not series["off"] for series in spec["series"]],
              f"{name}: shows {drawn['as_first']} at first")
        # Beside a figure that is INVALID, which takes more than half of a card.
        cut_off = browser.value(f"""(() => {{
            const chart = echotrio.charts.get({json.dumps(name)});
            const spec = chart.config.options.spec;
            if (!spec.small || !spec.horizontal) return [];
            const padding = chart.options.layout.padding, right = padding.right;
            padding.right = chart.width * 0.6;
            chart.update('none');
            const scale = chart.scales.y;
            scale.ctx.font = '11px sans-serif';
            const cut = spec.x.labels.filter((label) => scale.ctx.measureText(label).width > scale.width);
            padding.right = right;
            chart.update('none');
            return cut;
        }})()""")
        check(not cut_off, f"{name}: cuts off {cut_off}")
    colours = browser.value("""[...echotrio.charts.values()].flatMap((chart) =>
        chart.config.options.spec.series.map((series, i) =>
            [series.variant, chart.config.options.spec.kind, chart.data.datasets[i].tint]))
        .filter(([variant, kind]) => variant && kind !== 'stacked')
        .map(([variant, , tint]) => [variant, tint])""")
    check(len({tint for _, tint in colours}) == len({variant for variant, _ in colours}) ==
          len({tuple(pair) for pair in colours}), "a model has two colours, or two share one")

    first = json.dumps(next(spec["id"] for spec in specs["charts"]
                            if browser.value(f"!!document.querySelector('#keys-{spec['id']}')")))
    toggled = browser.value(f"""(() => {{
        const button = document.querySelector('#keys-' + {first} + ' button');
        const chart = echotrio.charts.get({first});
        button.click();
        const off = chart.isDatasetVisible(0);
        button.click();
        return [off, chart.isDatasetVisible(0)];
    }})()""")
    check(toggled == [False, True], f"the legend's button switches to {toggled}")
    read = browser.value(f"""(() => {{
        const canvas = document.getElementById('chart-' + {first});
        const chart = echotrio.charts.get({first});
        canvas.focus();
        const press = (key) => {{
            canvas.dispatchEvent(new KeyboardEvent('keydown', {{key, cancelable: true}}));
            return chart.tooltip.getActiveElements().map((e) => [e.datasetIndex, e.index]);
        }};
        const seen = ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowDown'].map(press);
        canvas.blur();
        return [document.activeElement !== canvas, seen, chart.tooltip.getActiveElements().length];
    }})()""")
    check(read[0] and all(len(step) == 1 for step in read[1]) and read[1][0] == read[1][2] and
          read[1][0] != read[1][1] and read[2] == 0, f"the arrow keys read {read}")
    themes = browser.value("""(() => {
        const before = document.documentElement.dataset.theme;
        document.getElementById('theme').click();
        return [before, document.documentElement.dataset.theme];
    })()""")
    check(set(themes) == {"light", "dark"}, f"the theme goes from {themes}")

    texts = browser.value("""(async () => {
        const out = [];
        for (const button of document.querySelectorAll('button[data-source]')) {
            out.push(await (await echotrio.download(button)).text());
        }
        return out;
    })()""")
    check(len(texts) == 2, "two downloads were expected")
    check(len(json.loads(texts[0])["trials"]) == results, "JSON lacks trials")
    check(len(texts[1].strip().split("\n")) == results + 1, "CSV lacks rows")
    check(browser.value("document.documentElement.scrollWidth <= window.innerWidth"),
          "the page is wider than the window")
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1,
                 mobile=True)
    # the charts follow their boxes a frame or more later
    check(browser.value("""(async () => {
        const end = Date.now() + 10000;
        while (document.documentElement.scrollWidth > 360 && Date.now() < end) {
            await new Promise(resolve => setTimeout(resolve, 20));
        }
        return document.documentElement.scrollWidth <= 360;
    })()"""), "the page is wider than a phone")
    browser.call("Emulation.clearDeviceMetricsOverride")
    failures += accessibility.check_menu(browser)
    failures += accessibility.check_figures(browser)
    pdf = browser.call("Page.printToPDF")["data"]
    check(len(pdf) > 10_000, "printing gives no pages")
    failures += complaints(browser.events)
    return failures


class Reports:
    """The pages to look at, each with the number of its trials and charts that it must have."""

    def __init__(self, loadgen, sample, folder):
        self.loadgen, self.sample, self.folder = loadgen, sample, folder

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def print_to(self, what, *names):
        os.makedirs(os.path.dirname(self.path(*names)), exist_ok=True)
        with open(self.path(*names), "wb") as file:
            subprocess.run([self.sample, what], stdout=file, check=True, timeout=5 * PATIENCE)  # sanitized: slow
        with open(self.path(*names), encoding="utf-8") as file:
            return json.load(file)

    def report(self, page, *results):
        subprocess.run([self.loadgen, "report", *map(self.path, results), "--out", self.path(page)],
                       check=True, timeout=5 * PATIENCE)  # a large one, under a sanitizer
        return self.path(page)

    def with_companions(self):
        trials = len(self.print_to("results", "whole", "results.json")["trials"])
        claims = self.print_to("claims", "whole", "claims.json")["claims"]
        subprocess.run([self.loadgen, "plan", self.path("whole"), "--rate", "50000", "--connections",
                        "20000", "--json", self.path("whole", "plan.json")],
                       stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
        charts = [f"claim-{claim['id']}" for claim in claims if claim["evidence"]]
        return (self.report("whole.html", "whole"), trials,
                charts + ["story-http", "story-idle", "capacity-cores", "capacity-connections",
                          "ratios", "http-throughput", "http-latency", "http-percentiles",
                          "memory-per-connection", "memory-growth", "cpu-per-request",
                          "generator-health"])

    def overlaid(self):
        trials = len(self.print_to("results", "before", "results.json")["trials"])
        self.print_to("results", "after", "results.json")
        return (self.report("overlaid.html", "before", "after"), 2 * trials,
                ["changes-chart", "http-throughput"])

    def maximal(self):
        trials = len(self.print_to("maximal", "maximal", "results.json")["trials"])
        return self.report("maximal.html", "maximal"), trials, ["echo-throughput", "timeline-12"]


def main():
    loadgen, sample = sys.argv[1:3]
    axe = ""
    if len(sys.argv) > 3 and os.path.exists(sys.argv[3]):
        with open(sys.argv[3], encoding="utf-8") as file:
            axe = file.read()
    else:
        print("axe-core is not installed (tools/install-packages browser): accessibility is not judged")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                   None)
    if program is None:
        print("skipped: no chromium is installed")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        reports = Reports(loadgen, sample, folder)
        for make in (reports.with_companions, reports.overlaid, reports.maximal):
            page, trials, charts = make()
            failures = []
            if os.path.getsize(page) > 3_000_000:
                failures.append("the page is larger than 3 MB")
            browser = Browser(program, os.path.join(folder, "profile-" + make.__name__))
            try:
                browser.open("file://" + page)
                failures += check_page(browser, trials, charts)
                if make == reports.with_companions:
                    failures += accessibility.check_slides(browser)
                if axe and make != reports.maximal:  # that one is too large for it
                    failures += accessibility.faults(browser, axe)
            finally:
                browser.close()
            for failure in failures:
                print(f"FAILED: {make.__name__}: {failure}")
            failed = failed or bool(failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
