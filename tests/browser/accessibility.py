"""What a page asks of its readers: axe-core's rules of levels A and AA, the menu, the view of one claim
at a time, and figures that read the same in pictures and tables. Used by report_test.py."""
import json
import time

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATIENCE = 300  # seconds: axe-core looks at every element, four times
DESKTOP, PHONE = (1280, 900, False), (360, 740, True)


def look_like(browser, size, theme):
    width, height, mobile = size
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=mobile)
    browser.value(f"""document.documentElement.dataset.theme === {json.dumps(theme)} ||
                      document.getElementById('theme').click()""")


def faults(browser, axe):
    """Every rule that something on the page breaks, in both themes, on a desk and on a phone."""
    browser.deadline = time.monotonic() + PATIENCE
    browser.value(axe + "; true")
    found = []
    for size in (DESKTOP, PHONE):
        for theme in ("light", "dark"):
            look_like(browser, size, theme)
            # where a scroll ended, the menu at the top of the window may cover half a line
            browser.value("window.scrollTo({top: 0, behavior: 'instant'}), true")
            broken = browser.value(f"""axe.run(document, {{runOnly: {json.dumps(RULES)},
                    resultTypes: ['violations']}}).then((done) =>
                done.violations.map((rule) => rule.id + ': ' + rule.nodes.slice(0, 3)
                    .map((node) => node.html.slice(0, 120) + ' ' + (node.any[0]?.message ?? '').slice(0, 160)).join(' | ')))""")
            found += [f"axe, {theme}, {size[0]} pixels wide: {rule}" for rule in broken]
    browser.call("Emulation.clearDeviceMetricsOverride")
    return found


def shown(browser):
    """The card that stands alone, and the address. The address changes first, the view with it a moment
    later: waits, with a bound, until the two agree."""
    return browser.value("""new Promise((resolve) => {
        const end = Date.now() + 5000;
        const look = () => {
            const slide = document.documentElement.dataset.slide ?? null;
            const at = document.getElementById(location.hash.slice(1)) ??
                       document.getElementById('claim-' + location.hash.slice(1));
            const card = at?.matches('article.card') ? at.id : null;
            if (slide === card || Date.now() > end) resolve([slide, location.hash]);
            else setTimeout(look, 10);
        };
        look();
    })""")


def go_to(browser, name):
    browser.value(f"location.hash = {json.dumps(name)}")
    return shown(browser)[0]


def press(browser, key):
    browser.call("Input.dispatchKeyEvent", type="keyDown", key=key)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)
    return shown(browser)


def check_slides(browser):
    """By address, keys and back: one claim, alone; on a phone too."""
    failures = []
    ids = browser.value("[...document.querySelectorAll('article.card[id]')].map((card) => card.id)")
    if go_to(browser, ids[0]) != ids[0]:
        failures.append("the address of a claim does not show it")
    seen = [press(browser, key)[0] for key in ("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowRight")]
    if seen != [ids[1], ids[0], ids[0], ids[1]]:
        failures.append(f"the arrow keys show {seen} of {ids}")
    visible = browser.value("""[...document.querySelectorAll('h1, h2, nav, footer, article')]
        .filter((one) => one.checkVisibility()).map((one) => one.id || one.tagName)""")
    if visible != [ids[1]]:
        failures.append(f"not one claim alone: {visible}")
    for size in (PHONE, DESKTOP):
        look_like(browser, size, "light")
        if browser.value("document.documentElement.scrollWidth > window.innerWidth"):
            failures.append(f"a claim alone is wider than {size[0]} pixels")
    if press(browser, "Escape") != [None, "#claims"]:
        failures.append("Escape does not return to the claims")
    if go_to(browser, ids[-1].removeprefix("claim-")) != ids[-1]:
        failures.append("the address of a claim without its prefix does not show it")
    press(browser, "Escape")
    browser.call("Emulation.clearDeviceMetricsOverride")
    return failures


def check_menu(browser):
    """Every section can be reached, one group is open at a time, and a phone need not scroll it."""
    failures = []
    missing = browser.value("""[...document.querySelectorAll('main > section')].map((s) => s.id)
        .filter((id) => !document.querySelector(`.menu a[href="#${CSS.escape(id)}"]`))""")
    if missing:
        failures.append(f"not in the menu: {missing}")
    look_like(browser, PHONE, "light")
    wide = browser.value("""(async () => {
        const wide = [];
        for (const group of document.querySelectorAll('.menu details')) {
            group.querySelector('summary').click();
            await new Promise((resolve) => setTimeout(resolve, 50));
            const list = group.querySelector('ul').getBoundingClientRect();
            if (list.left < 0 || list.right > 360) wide.push(group.textContent);
            if (document.querySelectorAll('.menu details[open]').length !== 1) wide.push('two are open');
        }
        document.body.click();
        if (document.querySelector('.menu details[open]')) wide.push('one stays open');
        const menu = document.querySelector('.menu');
        if (menu.scrollWidth > menu.clientWidth) wide.push('the menu scrolls');
        return wide;
    })()""")
    if wide:
        failures.append(f"the menu on a phone: {wide}")
    browser.call("Emulation.clearDeviceMetricsOverride")
    return failures


def check_figures(browser):
    """What the script writes in a picture stands, letter by letter, in the table beside it."""
    return browser.value("""[...echotrio.charts.values()].flatMap((chart) => {
        const spec = chart.config.options.spec;
        const box = chart.canvas.closest('figure, article');
        const table = box.querySelector('details').parentElement.textContent;
        return spec.series.filter((series) => !series.second).flatMap((series) => series.points
            .map((p) => echotrio.format(p.y, spec.y.unit).replace('\u00d7', ''))
            .filter((text) => !table.includes(text))
            .map((text) => `${spec.id}: ${text} is not in its table`));
    })""")
