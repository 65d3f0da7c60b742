"""The page in which a trace is shown: its style, and the program that goes from step to step."""

from string import Template
from typing import Final

PAGE: Final = Template("""<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8" />
<title>$title</title>
<style>
body { font: 14px sans-serif; margin: 16px; color: #222; }
#controls { position: sticky; top: 0; background: #fff; padding: 6px 0; z-index: 1; }
#slider { width: 40%; vertical-align: middle; }
.scroll { overflow: auto; max-height: 60vh; border: 1px solid #ccc; }
svg text { font: 10px monospace; fill: #666; }
svg text.block { font-weight: bold; fill: #222; }
.warp { fill: #f7f7f7; stroke: #ddd; }
#cursor { fill: #ffe08a; }
line.barrier { stroke: #222; stroke-width: 2; }
path.error { stroke: #d00000; stroke-width: 3; fill: none; }
pre.error { color: #d00000; white-space: pre-wrap; }
.legend span { margin-right: 14px; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 4px; }
.panels { display: flex; flex-wrap: wrap; gap: 24px; margin-top: 12px; }
table.source { border-collapse: collapse; font: 12px monospace; white-space: pre; }
table.source td { padding: 0 6px; }
td.number { color: #999; text-align: right; }
tr.now { background: #ffe08a; }
table.memory { border-collapse: collapse; font: 11px monospace; margin-bottom: 8px; }
table.memory td { border: 1px solid #ddd; padding: 1px 4px; min-width: 18px; text-align: right; }
td.read { background: #bfe3e0; }
td.written { background: #f9cf9c; }
#doing { font: 12px monospace; white-space: pre; max-height: 300px; overflow: auto; }
</style>
</head>
<body>
<h1>$title</h1>
<p>$summary</p>
$error
<p class="legend">$legend</p>
<div id="controls">
<button id="first">first</button> <button id="back">back</button>
<input id="slider" type="range" min="0" max="$last" value="0" />
<button id="forward">forward</button> <button id="end">last</button>
step <b id="step">0</b> of $last
</div>
<div class="scroll">$drawing</div>
<div class="panels">
<div><h2>source</h2><table class="source">$source</table></div>
<div><h2>shared memory</h2><div id="memory"></div></div>
<div><h2>at this step</h2><div id="doing"></div></div>
</div>
<script type="application/json" id="trace">$data</script>
<script>
//<![CDATA[
(function () {
  "use strict";
  var trace = JSON.parse(document.getElementById("trace").textContent);
  var last = $last, now = 0;
  var byId = function (id) { return document.getElementById(id); };
  var cursor = byId("cursor"), svg = cursor.parentNode;
  var left = Number(svg.dataset.left), cell = Number(svg.dataset.cell);

  function memoryAt(step) {
    var held = {};
    trace.arrays.forEach(function (a) { held[a.block + " " + a.name] = {}; });
    trace.writes.forEach(function (w) {
      if (w[0] <= step) { held[w[1] + " " + w[2]][w[3]] = w[4]; }
    });
    return held;
  }

  function drawMemory(step, events) {
    var held = memoryAt(step), room = byId("memory");
    room.textContent = trace.arrays.length ? "" : "none";
    var used = {};
    events.forEach(function (e) {
      if (e[3].indexOf("shared") === 0) {
        var key = e[1] + " " + e[4];
        used[key] = used[key] === "written" || e[3] !== "shared read" ? "written" : "read";
      }
    });
    trace.arrays.forEach(function (a) {
      var values = held[a.block + " " + a.name];
      var columns = a.shape[a.shape.length - 1];
      var rows = a.shape.reduce(function (x, y) { return x * y; }, 1) / columns;
      var title = document.createElement("div");
      title.textContent = "block " + a.block + ": " + a.name + " (" + a.shape.join(", ") + ")";
      var table = document.createElement("table");
      table.className = "memory";
      for (var i = 0; i < rows; i++) {
        var tr = table.insertRow();
        for (var j = 0; j < columns; j++) {
          var word = i * columns + j, td = tr.insertCell(), index = [], rest = word;
          for (var d = a.shape.length - 1; d >= 0; d--) {
            index.unshift(rest % a.shape[d]);
            rest = Math.floor(rest / a.shape[d]);
          }
          td.textContent = word in values ? values[word] : "\\u00b7";
          td.className = used[a.block + " " + a.name + "[" + index.join(", ") + "]"] || "";
        }
      }
      room.appendChild(title);
      room.appendChild(table);
    });
  }

  function show(step) {
    now = Math.max(0, Math.min(last, step));
    cursor.setAttribute("x", left + now * cell);
    byId("step").textContent = now;
    byId("slider").value = now;
    var events = trace.events.filter(function (e) { return e[0] === now; });
    var lines = {};
    events.forEach(function (e) { lines[e[6]] = true; });
    document.querySelectorAll("tr[data-line]").forEach(function (tr) {
      tr.className = lines[tr.dataset.line] ? "now" : "";
    });
    drawMemory(now, events);
    byId("doing").textContent = events.map(function (e) {
      return "block " + e[1] + " thread " + e[2] + ": " + e[3] + " " + e[4] +
        (e[5] ? " = " + e[5] : "");
    }).join("\\n");
  }

  byId("first").onclick = function () { show(0); };
  byId("back").onclick = function () { show(now - 1); };
  byId("forward").onclick = function () { show(now + 1); };
  byId("end").onclick = function () { show(last); };
  byId("slider").oninput = function () { show(Number(byId("slider").value)); };
  svg.onclick = function (event) {
    show(Math.floor((event.clientX - svg.getBoundingClientRect().left - left) / cell));
  };
  document.onkeydown = function (event) {
    if (event.key === "ArrowLeft") { show(now - 1); }
    if (event.key === "ArrowRight") { show(now + 1); }
  };
  show(0);
}());
//]]>
</script>
</body>
</html>
""")
