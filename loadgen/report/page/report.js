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

  const trim = (x, digits = 3) => Number(x.toPrecision(digits));
  const scaled = (x, units) => {
    const sign = x < 0 ? "-" : "";
    const size = Math.abs(x);
    const [factor, unit] = units.find(([f]) => size >= f) ?? units[units.length - 1];
    return `${sign}${trim(size / factor)} ${unit}`.trim();
  };
  const format = (value, unit) => {
    if (unit === "us") return scaled(value, [[1e6, "s"], [1e3, "ms"], [1, "µs"], [1e-3, "ns"]]);
    if (unit === "bytes") return scaled(value, [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [1024, "KiB"], [1, "B"]]);
    return value !== 0 && Math.abs(value) < 1 ? String(trim(value)) : trim(value, 4).toLocaleString("en-US");
  };

  // The range of the repetitions as bars, or the interval of a fit as a band.
  const ranges = {
    id: "ranges",
    beforeDatasetsDraw(chart) {
      const { ctx } = chart;
      chart.data.datasets.forEach((set, index) => {
        if (!chart.isDatasetVisible(index)) return;
        const points = chart.getDatasetMeta(index).data;
        const y = chart.scales.y;
        ctx.save();
        ctx.beginPath();
        ctx.rect(chart.chartArea.left, chart.chartArea.top, chart.chartArea.width, chart.chartArea.height);
        ctx.clip();
        if (set.band) {
          const all = set.data.map((p, i) => [points[i].x, p]).filter(([, p]) => p.low !== undefined);
          ctx.globalAlpha = 0.15;
          ctx.fillStyle = set.borderColor;
          ctx.beginPath();
          all.forEach(([x, p]) => ctx.lineTo(x, y.getPixelForValue(p.low)));
          all.reverse().forEach(([x, p]) => ctx.lineTo(x, y.getPixelForValue(p.high)));
          ctx.fill();
        }
        ctx.restore();
      });
    },
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      chart.data.datasets.forEach((set, index) => {
        if (!chart.isDatasetVisible(index) || set.band) return;
        const points = chart.getDatasetMeta(index).data;
        const y = chart.scales.y;
        ctx.save();
        ctx.strokeStyle = set.type === "bar" ? css("--text") : set.borderColor;
        ctx.lineWidth = 1.5;
        set.data.forEach((p, i) => {
          if (p.low === undefined || !points[i]) return;
          const [x, low, high] = [points[i].x, y.getPixelForValue(p.low), y.getPixelForValue(p.high)];
          ctx.beginPath();
          ctx.moveTo(x, low); ctx.lineTo(x, high);
          ctx.moveTo(x - 4, low); ctx.lineTo(x + 4, low);
          ctx.moveTo(x - 4, high); ctx.lineTo(x + 4, high);
          ctx.stroke();
        });
        ctx.restore();
      });
    },
  };

  const colour = (series, place, stacked) => {
    const index = document_.variants.indexOf(series.variant);
    if (index < 0 || stacked) return neutral[theme()][place % 6];
    return palette[theme()][index % 6];
  };

  const dataset = (spec, series, place) => {
    const kind = spec.kind;
    const tint = colour(series, place, kind === "stacked");
    const bars = kind === "bars" || kind === "stacked";
    const invalid = css("--bad");
    const index = Math.max(document_.variants.indexOf(series.variant), 0);
    return {
      type: bars ? "bar" : "line",
      label: series.name,
      data: series.points,
      band: series.band,
      borderColor: tint,
      backgroundColor: bars ? tint + "cc" : tint,
      borderWidth: bars ? series.points.map((p) => (p.invalid ? 2 : 0)) : 2,
      ...(bars ? { borderColor: series.points.map((p) => (p.invalid ? invalid : tint)) } : {}),
      borderDash: series.dashed ? [6, 4] : series.dotted ? [2, 3] : [],
      showLine: kind !== "scatter",
      pointRadius: series.markers ? series.points.map((p) => (p.invalid ? 7 : kind === "scatter" ? 3 : 4)) : 0,
      pointHitRadius: 8,
      pointStyle: series.points.map((p) => (p.invalid ? "crossRot" : markers[series.variant ? index % 4 : place % 4])),
      pointBorderColor: series.points.map((p) => (p.invalid ? invalid : tint)),
      tension: 0,
      clip: 8,
      ...(kind === "stacked" ? { stack: "all" } : {}),
    };
  };

  const axis = (spec, name) => {
    const a = spec[name];
    const category = a.labels.length > 0;
    return {
      type: category ? (spec.kind === "scatter" ? "linear" : "category") : a.logarithmic ? "logarithmic" : "linear",
      title: { display: true, text: a.title, color: css("--soft") },
      grid: { color: css("--grid") },
      stacked: spec.kind === "stacked",
      ...(category && spec.kind === "scatter" ? { min: -0.5, max: a.labels.length - 0.5 } : {}),
      ...(category && spec.kind !== "scatter" ? { labels: a.labels } : {}),
      ...(name === "y" && !a.logarithmic ? { beginAtZero: true } : {}),
      ticks: {
        color: css("--soft"),
        autoSkip: !category,
        maxRotation: category ? 60 : 0,
        ...(category && spec.kind === "scatter" ? { stepSize: 1 } : {}),
        callback(value) {
          if (category) return a.labels[Math.round(value)] ?? "";
          if (a.logarithmic) {
            const lead = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
            if (Math.abs(lead - 1) > 1e-6 && !(name === "y" && [2, 5].some((k) => Math.abs(lead - k) < 1e-6))) return "";
          }
          return format(value, a.unit);
        },
      },
    };
  };

  const options = (spec) => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", intersect: false },
    scales: { x: axis(spec, "x"), y: axis(spec, "y") },
    plugins: {
      legend: { display: false },
      tooltip: {
        callbacks: {
          title: ([item]) => (item ? spec.x.labels[item.raw.x] ?? `${spec.x.title}: ${format(item.raw.x, spec.x.unit)}` : ""),
          label: (item) => {
            const p = item.raw;
            const range = p.low === undefined ? "" : ` (${format(p.low, spec.y.unit)} to ${format(p.high, spec.y.unit)})`;
            return `${item.dataset.label}: ${format(p.y, spec.y.unit)}${range}`;
          },
          afterLabel: (item) => (item.raw.invalid ? "INVALID. " : "") + (item.raw.note ?? ""),
        },
      },
    },
  });

  const drawn = new Map();
  const draw = (spec) => {
    const canvas = document.getElementById(`chart-${spec.id}`);
    const hidden = new Set(drawn.has(spec.id) ? drawn.get(spec.id).data.datasets.filter((_, i) => !drawn.get(spec.id).isDatasetVisible(i)).map((s) => s.label) : []);
    drawn.get(spec.id)?.destroy();
    const chart = new Chart(canvas, {
      data: { datasets: spec.series.map((series, place) => dataset(spec, series, place)) },
      options: options(spec),
      plugins: [ranges],
    });
    chart.data.datasets.forEach((set, i) => chart.setDatasetVisibility(i, !hidden.has(set.label)));
    chart.update("none");
    drawn.set(spec.id, chart);
    keys(spec, chart);
  };

  // The legend as buttons, so that a keyboard and a screen reader can use it.
  const keys = (spec, chart) => {
    const box = document.getElementById(`keys-${spec.id}`);
    box.replaceChildren(...spec.series.map((series, i) => {
      const button = document.createElement("button");
      button.type = "button";
      const line = document.createElement("i");
      line.className = series.dashed ? "dash" : series.dotted ? "dot" : "";
      line.style.color = colour(series, i, spec.kind === "stacked");
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

  const redraw = () => {
    root.dataset.theme = theme();
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
  // On paper everything is light and every table open.
  window.addEventListener("beforeprint", () => {
    printing = true;
    redraw();
    document.querySelectorAll("details").forEach((d) => { d.dataset.was = d.open; d.open = true; });
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    redraw();
    document.querySelectorAll("details").forEach((d) => { d.open = d.dataset.was === "true"; });
  });
  redraw();
  window.echotrio = { charts: drawn, download };
})();
