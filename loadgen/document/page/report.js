// Draws the charts of the page from the figures in it. Needs Chart.js and nothing from any host.
"use strict";
(() => {
  const document_ = JSON.parse(document.getElementById("charts").textContent);
  const root = document.documentElement;

  // Okabe and Ito's colours, which colour-blind readers can tell apart; markers differ too.
  const palette = {
    light: ["#d55e00", "#0072b2", "#009e73", "#b0578d", "#8a6d00", "#56708a"],
    dark: ["#ff9d4d", "#56b4e9", "#2fd1a0", "#e79ac4", "#e6d04a", "#a9bfd4"],
  };
  const neutral = {
    light: ["#4b5563", "#9a6700", "#7c3aed", "#0f766e", "#be123c", "#64748b"],
    dark: ["#cbd5e1", "#f0b440", "#c4a7ff", "#5eead4", "#fda4af", "#94a3b8"],
  };
  const markers = ["circle", "triangle", "rect", "rectRot", "star", "crossRot"];

  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null; // what the reader asked for; null = as the system has it
  let printing = false;
  const dark = () => !printing && (chosen === null ? system.matches : chosen === "dark");
  const theme = () => (dark() ? "dark" : "light");
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // How large letters and bars are against the page's own: more where a card stands alone.
  const zoom = () => (root.dataset.slide ? parseFloat(getComputedStyle(root).fontSize) / 16 : 1);

  // Figures as loadgen/results/format.hpp writes them, letter by letter: three significant digits,
  // thousands separators, a unit that suits, never an exponent.
  const number = (x) => {
    if (x === 0) return "0";
    const [digits, power] = x.toExponential(2).split("e").map(Number);
    const decimals = Math.max(2 - power, 0);
    if (decimals > 12) return "0";
    return (digits * 10 ** power).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  };
  const times = [[3600e6, "h"], [60e6, "min"], [1e6, "s"], [1e3, "ms"], [1, "µs"], [1e-3, "ns"]];
  const sizes = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"]];
  const format = (value, unit) => {
    const size = Math.abs(value);
    if (unit === "us") {
      if (value === 0) return "0 s";
      const rounded = Number(size.toPrecision(3));
      const [factor, name] = times.find(([f]) => rounded >= f) ?? times[times.length - 1];
      return `${number(value / factor)} ${name}`;
    }
    if (unit === "bytes") {
      const found = sizes.find(([f]) => size >= f * (1 - 0.5 / 1024));
      if (!found) return `${Math.round(value)} B`;
      const in_unit = value / found[0];
      const whole = Math.abs(in_unit) >= 1000 && Math.abs(in_unit) < 1024;
      return `${whole ? Math.round(in_unit).toLocaleString("en-US") : number(in_unit)} ${found[1]}`;
    }
    return unit === "x" ? `${number(value)}×` : number(value);
  };
  // Ticks are round numbers: their zeros say nothing.
  const tick = (value, unit) => format(value, unit).replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");

  // A place on the canvas: horizontal charts have their values along x.
  // An interval that reaches 0 ends at the edge of a logarithmic axis.
  const along = (chart, set, value) => {
    const scale = chart.scales[set.valueAxis];
    return scale.getPixelForValue(scale.type === "logarithmic" ? Math.max(value, scale.min) : value);
  };

  // The range of the repetitions as bars, or the interval of a fit as a band; the line that figures
  // are seen against; and, beside the bars of horizontal charts, the figures themselves.
  const ranges = {
    id: "ranges",
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea: area } = chart;
      const { spec } = chart.config.options;
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      chart.data.datasets.forEach((set, index) => {
        if (!set.band || !chart.isDatasetVisible(index)) return;
        const points = chart.getDatasetMeta(index).data;
        const all = set.data.map((p, i) => [points[i].x, p]).filter(([, p]) => p.low !== undefined);
        ctx.globalAlpha = 0.15;
        ctx.fillStyle = set.borderColor;
        ctx.beginPath();
        all.forEach(([x, p]) => ctx.lineTo(x, along(chart, set, p.low)));
        all.reverse().forEach(([x, p]) => ctx.lineTo(x, along(chart, set, p.high)));
        ctx.fill();
      });
      ctx.restore();
      if (!spec.reference) return;
      const scale = spec.horizontal ? chart.scales.x : chart.scales.y;
      const at = scale.getPixelForValue(spec.reference.at);
      if (at < (spec.horizontal ? area.left : area.top) - 1 || at > (spec.horizontal ? area.right : area.bottom) + 1) return;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = css("--soft");
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      if (spec.horizontal) {
        ctx.moveTo(at, area.top); ctx.lineTo(at, area.bottom);
      } else {
        ctx.moveTo(area.left, at); ctx.lineTo(area.right, at);
      }
      ctx.stroke();
      ctx.font = `${11 * zoom()}px sans-serif`;
      if (spec.reference.name && !spec.horizontal) ctx.fillText(spec.reference.name, area.left + 4, at - 4);
      ctx.restore();
    },
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      const { spec } = chart.config.options;
      const text = css("--text");
      chart.data.datasets.forEach((set, index) => {
        if (!chart.isDatasetVisible(index) || set.band) return;
        const points = chart.getDatasetMeta(index).data;
        ctx.save();
        ctx.strokeStyle = set.type === "bar" ? text : set.tint;
        ctx.lineWidth = 1.5;
        ctx.globalAlpha = set.type === "bar" ? 1 : 0.7;
        set.data.forEach((p, i) => {
          if (!points[i] || p.y === null || p.x === null) return;
          const { x, y } = points[i];
          let end = spec.horizontal ? x : y;
          if (p.low !== undefined) {
            const [low, high] = [along(chart, set, p.low), along(chart, set, p.high)];
            const line = (...at) => {
              ctx.beginPath();
              for (let k = 0; k < at.length; k += 4) { ctx.moveTo(at[k], at[k + 1]); ctx.lineTo(at[k + 2], at[k + 3]); }
              ctx.stroke();
            };
            if (spec.horizontal) line(low, y, high, y, low, y - 4, low, y + 4, high, y - 4, high, y + 4);
            else line(x, low, x, high, x - 4, low, x + 4, low, x - 4, high, x + 4, high);
            end = Math.max(end, high);
          }
          if (p.x_low !== undefined) {
            const scale = chart.scales.x;
            const [low, high] = [p.x_low, p.x_high].map((v) => scale.getPixelForValue(Math.max(v, scale.min)));
            ctx.beginPath();
            for (const [from, to] of [[[low, y], [high, y]], [[low, y - 4], [low, y + 4]], [[high, y - 4], [high, y + 4]]]) {
              ctx.moveTo(...from); ctx.lineTo(...to);
            }
            ctx.stroke();
          }
          if (!spec.horizontal) return;
          ctx.fillStyle = p.invalid ? css("--bad") : text;
          ctx.globalAlpha = 1;
          ctx.font = `${12 * zoom()}px sans-serif`;
          ctx.textBaseline = "middle";
          ctx.fillText((p.invalid ? "INVALID " : "") + format(p.x, spec.y.unit), end + 6, y);
        });
        ctx.restore();
      });
    },
  };

  const tint = (series, place, stacked) => {
    const own = document_.tints[series.variant];
    if (!own || stacked) return { base: neutral[theme()][place % 6], marker: place % 4, pale: false };
    return { base: palette[theme()][own.colour % 6], marker: own.colour % 4, pale: own.pale };
  };

  // Bars of a second kind in the same colour.
  const hatched = (colour) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const ctx = tile.getContext("2d");
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(-1, 7); ctx.lineTo(7, -1);
    ctx.stroke();
    return ctx.createPattern(tile, "repeat");
  };

  // One entry a category, null where there is no figure: Chart.js takes a bar's place from its index.
  const by_category = (points, count) => {
    const all = Array.from({ length: count }, (_, x) => ({ x, y: null }));
    points.forEach((p) => { all[Math.round(p.x)] = p; });
    return all;
  };

  const dataset = (spec, series, place) => {
    const { kind } = spec;
    const bars = kind === "bars" || kind === "stacked";
    const { base, marker, pale } = tint(series, place, kind === "stacked");
    const colour = pale ? base + "80" : base;
    const invalid = css("--bad");
    const points = bars ? by_category(series.points, spec.x.labels.length) : series.points;
    const fill = series.dashed ? hatched(base) : base + (pale ? "66" : "cc");
    return {
      type: bars ? "bar" : "line",
      label: series.name,
      data: spec.horizontal ? points.map((p) => ({ ...p, x: p.y, y: p.x })) : points,
      valueAxis: spec.horizontal ? "x" : series.second ? "second" : "y",
      ...(series.second ? { yAxisID: "second" } : {}),
      band: series.band,
      tint: colour,
      backgroundColor: bars ? points.map((p) => (p.invalid ? hatched(base) : fill)) : colour,
      borderColor: bars ? points.map((p) => (p.invalid ? invalid : base)) : colour,
      borderWidth: bars ? points.map((p) => (p.invalid ? 2 : series.dashed ? 1 : 0)) : 2,
      ...(bars ? { skipNull: true, maxBarThickness: (spec.horizontal ? 18 : 60) * zoom(), grouped: !spec.horizontal } : {}),
      borderDash: bars ? [] : series.dashed ? [6, 4] : series.dotted ? [2, 3] : [],
      showLine: kind !== "scatter" || series.joined,
      pointRadius: series.markers ? points.map((p) => (p.invalid ? 7 : kind === "scatter" && !spec.horizontal ? 3 : 4)) : 0,
      pointHitRadius: 8,
      pointBorderWidth: points.map((p) => (p.invalid ? 3 : 1)),
      pointStyle: points.map((p) => (p.invalid ? "crossRot" : markers[marker])),
      pointBackgroundColor: pale ? css("--page") : colour,
      pointBorderColor: points.map((p) => (p.invalid ? invalid : base)),
      tension: 0,
      clip: 8,
      ...(kind === "stacked" ? { stack: "all" } : {}),
    };
  };

  // Every bar, whisker and line has room; a scale's own search looks at the points alone.
  const extent = (spec, second) => {
    const values = spec.series.filter((s) => s.second === second)
      .flatMap((s) => s.points.flatMap((p) => [p.y, p.low, p.high])).filter((v) => v !== undefined);
    if (spec.reference && !second) values.push(spec.reference.at);
    const above = spec[second ? "second" : "y"].logarithmic ? values.filter((v) => v > 0) : values;
    return above.length ? [Math.min(...above), Math.max(...above)] : [0, 1];
  };

  // Steps of bytes are powers of two, not of ten.
  const byte_ticks = (scale, logarithmic) => {
    if (logarithmic) {
      const from = Math.ceil(Math.log2(scale.min)), to = Math.floor(Math.log2(scale.max));
      const step = Math.max(1, Math.ceil((to - from) / 7));
      scale.ticks = Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, i) => ({ value: 2 ** (from + i * step) }));
      return;
    }
    const step = 2 ** Math.ceil(Math.log2((scale.max - scale.min) / 6));
    const first = Math.ceil(scale.min / step), last = Math.floor(scale.max / step);
    scale.ticks = Array.from({ length: last - first + 1 }, (_, i) => ({ value: (first + i) * step }));
  };

  // A card has room for three ticks.
  const few_decades = (scale) => {
    const from = Math.ceil(Math.log10(scale.min) - 1e-9), to = Math.floor(Math.log10(scale.max) + 1e-9);
    const step = Math.max(1, Math.ceil((to - from) / 2));
    scale.ticks = Array.from({ length: Math.max(0, Math.floor((to - from) / step) + 1) }, (_, i) => ({ value: 10 ** (from + i * step) }));
  };

  const value_axis = (spec, a, second) => {
    const [least, most] = extent(spec, second);
    const bars = spec.kind === "bars" || spec.kind === "stacked";
    const floor = bars && a.logarithmic ? least / 2 : least * 0.95; // a bar must be seen to have a length
    return {
      type: a.logarithmic ? "logarithmic" : "linear",
      title: { display: !spec.horizontal || !spec.small, text: a.title, color: css("--soft") },
      grid: { color: css("--grid"), drawOnChartArea: !second },
      ...(second ? { position: "right" } : {}),
      stacked: spec.kind === "stacked",
      ...(a.logarithmic ? { min: floor, max: most > least ? most * 1.05 : most * 2 } : { beginAtZero: true, ...(spec.kind === "stacked" ? {} : { suggestedMax: most }) }),
      ...(a.unit === "bytes" ? { afterBuildTicks: (scale) => byte_ticks(scale, a.logarithmic) }
        : spec.small && a.logarithmic ? { afterBuildTicks: few_decades } : {}),
      ticks: {
        color: css("--soft"),
        maxRotation: 0,
        ...(spec.horizontal ? { maxTicksLimit: !spec.small ? 8 : a.unit === "" ? 4 : 3 } : {}),
        callback(value) {
          if (a.logarithmic && a.unit !== "bytes") {
            const lead = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
            const wide = most / least > 1e3;
            if (!(wide ? [1] : [1, 2, 5]).some((k) => Math.abs(lead - k) < 1e-6)) return "";
          }
          if (spec.small && a.unit === "") return value.toLocaleString("en-US", { notation: "compact" });
          return tick(value, a.unit);
        },
      },
    };
  };

  // Where the points stand: numbers, or categories by their index.
  const place_axis = (spec) => {
    const a = spec.x;
    const category = a.labels.length > 0;
    const points = spec.kind === "scatter" || spec.kind === "lines";
    return {
      type: category ? (points ? "linear" : "category") : a.logarithmic ? "logarithmic" : "linear",
      title: { display: !spec.horizontal, text: a.title, color: css("--soft") },
      grid: { color: css("--grid"), display: !spec.horizontal },
      stacked: spec.kind === "stacked",
      ...(spec.horizontal && points ? { reverse: true } : {}),
      ...(category && points ? {
        min: -0.5,
        max: a.labels.length - 0.5,
        afterBuildTicks: (scale) => { scale.ticks = a.labels.map((_, value) => ({ value })); },
      } : {}),
      ...(category && !points ? { labels: a.labels } : {}),
      // A card is narrow: Chart.js gives an axis half of what is left, which cuts names off.
      ...(spec.small && spec.horizontal ? {
        afterFit: (scale) => {
          scale.ctx.font = `${11 * zoom()}px ${Chart.defaults.font.family}`;
          const widest = Math.max(...a.labels.map((label) => scale.ctx.measureText(label).width));
          scale.width = Math.max(scale.width, widest + 12);
        },
      } : {}),
      ticks: {
        color: spec.horizontal ? css("--text") : css("--soft"),
        ...(spec.horizontal ? { font: (context) => ({ size: (spec.small ? 11 : context.chart.width < 560 ? 10 : 12) * zoom() }) } : {}),
        autoSkip: !category,
        maxRotation: category && !spec.horizontal ? 60 : 0,
        callback(value) {
          if (category) {
            const label = a.labels[value];
            return spec.horizontal && this.chart.width < 560 ? label.split(/(?<=: )/) : label;
          }
          if (a.logarithmic && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) > 1e-9) return "";
          return tick(value, a.unit);
        },
      },
    };
  };

  const options = (spec) => {
    const value = value_axis(spec, spec.y, false), place = place_axis(spec);
    const second = spec.series.some((s) => s.second);
    const invalid = spec.series.some((s) => s.points.some((p) => p.invalid));
    const label = ((spec.small ? 62 : 76) + (invalid ? 56 : 0)) * zoom(); // what stands behind a bar
    return {
      spec,
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      ...(spec.horizontal ? { indexAxis: "y", layout: { padding: { right: label } } } : {}),
      interaction: { mode: "nearest", intersect: false, axis: spec.horizontal ? "y" : "xy" },
      scales: {
        x: spec.horizontal ? value : place,
        y: spec.horizontal ? place : value,
        ...(second ? { second: value_axis(spec, spec.second, true) } : {}),
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: (item) => item.raw.x !== null && item.raw.y !== null,
          callbacks: {
            title: ([item]) => {
              if (!item) return "";
              const at = spec.horizontal ? item.raw.y : item.raw.x;
              return spec.x.labels[at] ?? `${spec.x.title}: ${tick(at, spec.x.unit)}`;
            },
            label: (item) => {
              const p = item.raw;
              const unit = (item.dataset.yAxisID === "second" ? spec.second : spec.y).unit;
              const range = p.low === undefined ? "" : ` (${format(p.low, unit)} to ${format(p.high, unit)})`;
              return `${item.dataset.label}: ${format(spec.horizontal ? p.x : p.y, unit)}${range}`;
            },
            afterLabel: (item) => wrapped((item.raw.invalid ? "INVALID. " : "") + (item.raw.note ?? "")),
          },
        },
      },
    };
  };

  // Lines that a tooltip on a phone has room for.
  const wrapped = (text) => text.match(/.{1,44}(\s|$)/g) ?? [];

  const drawn = new Map();
  const draw = (spec) => {
    const canvas = document.getElementById(`chart-${spec.id}`);
    spec.small = canvas.closest(".card") !== null;
    const before = drawn.get(spec.id);
    const shown = spec.series.map((series, i) => (before ? before.isDatasetVisible(i) : !series.off));
    before?.destroy();
    const chart = new Chart(canvas, {
      data: { datasets: spec.series.map((series, place) => dataset(spec, series, place)) },
      options: options(spec),
      plugins: [ranges],
    });
    shown.forEach((on, i) => chart.setDatasetVisibility(i, on));
    chart.update("none");
    drawn.set(spec.id, chart);
    keys(spec, chart);
  };

  // The legend as buttons, so that a keyboard and a screen reader can use it.
  const keys = (spec, chart) => {
    const box = document.getElementById(`keys-${spec.id}`);
    box?.replaceChildren(...spec.series.map((series, i) => {
      const button = document.createElement("button");
      button.type = "button";
      const line = document.createElement("i");
      line.className = series.dashed ? "dash" : series.dotted ? "dot" : "";
      line.style.color = chart.data.datasets[i].tint;
      button.append(line, series.name);
      button.setAttribute("aria-pressed", String(chart.isDatasetVisible(i)));
      button.addEventListener("click", () => {
        const on = !chart.isDatasetVisible(i);
        chart.setDatasetVisibility(i, on);
        chart.update("none");
        button.setAttribute("aria-pressed", String(on));
      });
      return button;
    }));
  };

  // The arrow keys go from point to point (left, right) and from series to series (up, down).
  const walk = (chart, key) => {
    const sets = chart.data.datasets.map((_, i) => i).filter((i) => chart.isDatasetVisible(i));
    const points = (set) => chart.data.datasets[set].data.map((p, i) => [p, i])
      .filter(([p]) => p.x !== null && p.y !== null).map(([, i]) => i);
    const flat = sets.flatMap((set) => points(set).map((index) => ({ datasetIndex: set, index })));
    if (flat.length === 0) return;
    const [now] = chart.getActiveElements();
    let at = now ? flat.findIndex((p) => p.datasetIndex === now.datasetIndex && p.index === now.index) : -1;
    if (at < 0) at = 0;
    else if (key === "ArrowRight") at = (at + 1) % flat.length;
    else if (key === "ArrowLeft") at = (at + flat.length - 1) % flat.length;
    else {
      const next = sets[(sets.indexOf(now.datasetIndex) + (key === "ArrowDown" ? 1 : sets.length - 1)) % sets.length];
      at = Math.max(flat.findIndex((p) => p.datasetIndex === next), 0);
    }
    chart.setActiveElements([flat[at]]);
    chart.tooltip.setActiveElements([flat[at]], { x: 0, y: 0 });
    chart.update("none");
  };
  const listen = (spec) => {
    const canvas = document.getElementById(`chart-${spec.id}`);
    canvas.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow") || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      walk(drawn.get(spec.id), event.key);
    });
    canvas.addEventListener("blur", () => {
      drawn.get(spec.id).setActiveElements([]);
      drawn.get(spec.id).tooltip.setActiveElements([], { x: 0, y: 0 });
      drawn.get(spec.id).update("none");
    });
  };

  const redraw = () => {
    root.dataset.theme = theme();
    Chart.defaults.font.size = 12 * zoom();
    document_.charts.forEach(draw);
  };

  // The data lie in the page gzipped and in base64.
  const download = async (button) => {
    const source = document.getElementById(button.dataset.source);
    const bytes = Uint8Array.from(atob(source.textContent.trim()), (c) => c.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const blob = await new Response(plain).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([blob], { type: button.dataset.type }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return blob;
  };

  document.getElementById("theme").addEventListener("click", () => {
    chosen = dark() ? "light" : "dark";
    redraw();
  });
  document.querySelectorAll("button[data-source]").forEach((button) => {
    button.addEventListener("click", () => download(button));
  });
  system.addEventListener("change", redraw);
  // On paper everything is light.
  window.addEventListener("beforeprint", () => {
    printing = true;
    redraw();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    redraw();
  });
  redraw();
  document_.charts.forEach(listen);
  window.echotrio = { charts: drawn, download, redraw, format };
})();
