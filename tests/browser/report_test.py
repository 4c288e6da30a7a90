#!/usr/bin/env python3
"""Opens a report in headless Chromium, without a network, and asks the page what it drew.

report_test.py LOADGEN RESULTS: exit status 0, 1 (a check failed) or 77 (skipped: no Chromium).
RESULTS is a results.json, or a program that prints one.
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

PATIENCE = 60  # seconds for the whole test


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


def check_page(browser, results):
    failures = []

    def check(ok, what):
        if not ok:
            failures.append(what)

    specs = json.loads(browser.value("document.getElementById('charts').textContent"))
    check(len(specs["charts"]) >= 4, f"only {len(specs['charts'])} charts")
    check(browser.value("document.querySelectorAll('canvas').length") == len(specs["charts"]),
          "canvases and charts differ in number")
    for spec in specs["charts"]:
        name = spec["id"]
        drawn = browser.value(f"""(() => {{
            const chart = echotrio.charts.get({json.dumps(name)});
            const canvas = document.getElementById('chart-' + {json.dumps(name)});
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return {{points: chart.data.datasets.map((_, i) => chart.getDatasetMeta(i).data
                        .filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y)).length),
                    painted: pixels.some((byte) => byte !== 0)}};
        }})()""")
        expected = [len(series["points"]) for series in spec["series"]]
        check(drawn["points"] == expected, f"{name}: drew {drawn['points']} of {expected} points")
        check(drawn["painted"], f"{name}: nothing painted")

    first = json.dumps(specs["charts"][0]["id"])
    toggled = browser.value(f"""(() => {{
        const button = document.querySelector('#keys-' + {first} + ' button');
        const chart = echotrio.charts.get({first});
        button.click();
        const off = chart.isDatasetVisible(0);
        button.click();
        return [off, chart.isDatasetVisible(0)];
    }})()""")
    check(toggled == [False, True], f"the legend's button switches to {toggled}")
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
    check(len(json.loads(texts[0])["trials"]) == len(results["trials"]), "JSON lacks trials")
    check(len(texts[1].strip().split("\n")) == len(results["trials"]) + 1, "CSV lacks rows")
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
    pdf = browser.call("Page.printToPDF")["data"]
    check(len(pdf) > 10_000, "printing gives no pages")
    failures += complaints(browser.events)
    return failures


def main():
    loadgen, path = sys.argv[1:3]
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                   None)
    if program is None:
        print("skipped: no chromium is installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        if not path.endswith(".json"):
            made = os.path.join(folder, "results.json")
            with open(made, "wb") as file:
                subprocess.run([path], stdout=file, check=True, timeout=PATIENCE)
            path = made
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
        page = os.path.join(folder, "report.html")
        subprocess.run([loadgen, "report", path, "--out", page], check=True, timeout=PATIENCE)
        if os.path.getsize(page) > 3 << 20:
            print("the page is larger than 3 MiB")
            return 1
        browser = Browser(program, os.path.join(folder, "profile"))
        try:
            browser.open("file://" + page)
            failures = check_page(browser, results)
        finally:
            browser.close()
    for failure in failures:
        print("FAILED:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
