(function () {
  "use strict";
  // Language of the document follows the switch, for screen readers.
  function language() {
    document.documentElement.lang = document.getElementById("show-zh").checked ? "zh-CN" : "en";
  }
  document.querySelectorAll(".switch").forEach(function (s) { s.addEventListener("change", language); });
  // The table's controls make no sense without a script, so they are shown by it.
  var form = document.querySelector(".controls");
  var body = document.querySelector(".customers tbody");
  if (!form || !body) { return; }
  var rows = Array.prototype.slice.call(body.rows);
  var filter = document.getElementById("filter");
  var shown = document.getElementById("shown");
  function update() {
    var words = filter.value.trim().toLowerCase();
    var tier = form.querySelector("input[name=tier]:checked").value;
    var n = 0;
    rows.forEach(function (row) {
      var fits = (tier === "" || row.dataset.tier === tier) &&
        (words === "" || row.textContent.toLowerCase().indexOf(words) >= 0);
      row.hidden = !fits;
      n += fits ? 1 : 0;
    });
    shown.textContent = n + " / " + rows.length;
  }
  function sort(by) {
    rows.sort(function (a, b) {
      if (by === "user") {
        var x = a.querySelector(".user").textContent, y = b.querySelector(".user").textContent;
        return x < y ? -1 : x > y ? 1 : 0;
      }
      return a.dataset.rank - b.dataset.rank;
    });
    rows.forEach(function (row) { body.appendChild(row); });
    form.querySelectorAll("button").forEach(function (b) {
      b.setAttribute("aria-pressed", String(b.dataset.sort === by));
    });
  }
  form.addEventListener("input", update);
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  form.querySelectorAll("button").forEach(function (b) {
    b.addEventListener("click", function () { sort(b.dataset.sort); });
  });
  form.hidden = false;
})();
