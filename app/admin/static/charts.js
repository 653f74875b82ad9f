// Line charts, each drawn from the table that it names. Where ECharts did not come, the tables stand
// there as they are.
(() => {
  "use strict";

  if (!window.echarts) return;

  const root = document.documentElement;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const charts = new Map();

  const variable = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const numberIn = (cell) => Number(cell.textContent.replaceAll(",", ""));

  function seriesOf(table) {
    const rows = [...table.tBodies[0].rows];
    return [...table.tHead.rows[0].cells].flatMap((head, column) => {
      if (!head.dataset.line) return [];
      const colour = variable(head.dataset.line);
      return {
        name: head.textContent.trim(),
        type: "line",
        symbolSize: 5,
        lineStyle: { width: 2, type: "dashed" in head.dataset ? "dashed" : "solid" },
        itemStyle: { color: colour },
        data: rows.map((row) => numberIn(row.cells[column])),
      };
    });
  }

  function optionsFor(table) {
    const [ink, quiet, line] = ["--bs-body-color", "--bs-secondary-color", "--ch-grid"].map(variable);
    const labels = { color: quiet };
    return {
      animation: !isCalm.matches,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
      legend: { top: 0, textStyle: { color: ink } },
      // Drawn, since our Content-Security-Policy lets no markup with styles in.
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        backgroundColor: variable("--ad-side"),
        borderColor: line,
        textStyle: { color: ink },
      },
      xAxis: {
        type: "category",
        boundaryGap: false,
        data: [...table.tBodies[0].rows].map((row) => row.cells[0].textContent.trim()),
        axisLabel: labels,
        axisLine: { lineStyle: { color: line } },
      },
      yAxis: { type: "value", minInterval: 1, axisLabel: labels, splitLine: { lineStyle: { color: line } } },
      series: seriesOf(table),
    };
  }

  function draw(frame) {
    const table = document.getElementById(frame.dataset.chart);
    const isNew = !charts.has(frame);
    frame.hidden = false;
    if (isNew) {
      charts.set(frame, window.echarts.init(frame));
      new ResizeObserver(() => charts.get(frame)?.resize()).observe(frame);
      const details = table.closest("details");
      if (details) details.open = false;
    }
    charts.get(frame).setOption(optionsFor(table), true);
  }

  function drawAll() {
    for (const [frame, chart] of charts) {
      if (frame.isConnected) continue;
      chart.dispose();
      charts.delete(frame);
    }
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  new MutationObserver(drawAll).observe(root, { attributeFilter: ["data-bs-theme"] });
  document.addEventListener("htmx:after:swap", drawAll);
  drawAll();
})();
