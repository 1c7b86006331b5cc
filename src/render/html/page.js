// Sorting, filtering, and definitions at hand. The page is complete without it.
"use strict";
(() => {
  const status = document.getElementById("status");

  // What a cell is sorted by; nothing where its value is missing.
  const value = (cell, asNumber) => {
    if ("none" in cell.dataset) return null;
    const text = cell.dataset.v ?? cell.textContent;
    return asNumber ? Number(text) : text;
  };

  // Texts by their characters' numbers, as everywhere in callsift.
  const order = (a, b) => {
    if (typeof a === "number") return a - b;
    if (a === b) return 0;
    let at = 0;
    while (at < a.length && a[at] === b[at]) at += 1;
    return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
  };

  // Missing values stand last in both directions, and equal ones keep their order.
  const sort = (table, heading, descending) => {
    const body = table.tBodies[0];
    const asNumber = heading.dataset.sort === "number";
    const keyed = Array.from(body.rows, (row) => [value(row.cells[heading.cellIndex], asNumber), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return descending ? order(b, a) : order(a, b);
    });
    const rows = document.createDocumentFragment();
    for (const [, row] of keyed) rows.append(row);
    body.append(rows);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  const sortable = (table) => {
    for (const heading of table.tHead.rows[0].cells) {
      const name = heading.querySelector(".name");
      if (!name || table.tBodies[0].rows.length < 2) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = name.textContent;
      // The name itself is for paper, where headings are repeated on each page, which buttons are not.
      name.classList.add("printed");
      name.before(button);
      button.addEventListener("click", () => {
        const now = heading.getAttribute("aria-sort");
        // The most of what can be counted comes first, and the first of what can be spelt.
        const descending = now ? now === "ascending" : heading.dataset.sort === "number";
        sort(table, heading, descending);
        status.textContent = `Sorted by ${button.textContent}, ${descending ? "descending" : "ascending"}`;
      });
    }
  };

  const filterable = (filter) => {
    const table = filter.parentElement.querySelector("table.data");
    const input = filter.querySelector("input");
    const output = filter.querySelector("output");
    const texts = new Map();
    const text = (row) => {
      if (!texts.has(row)) {
        texts.set(row, Array.from(row.cells, (cell) => cell.textContent).join("\n").toLowerCase());
      }
      return texts.get(row);
    };
    const apply = () => {
      const wanted = input.value.trim().toLowerCase();
      const rows = table.tBodies[0].rows;
      let shown = 0;
      for (const row of rows) {
        row.hidden = wanted !== "" && !text(row).includes(wanted);
        shown += row.hidden ? 0 : 1;
      }
      const total = table.tFoot ? "; the total is of all" : "";
      output.textContent = wanted === "" ? "" : `${shown} of ${rows.length} rows${total}`;
    };
    input.addEventListener("input", apply);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && input.value !== "") {
        input.value = "";
        apply();
        event.preventDefault();
      }
    });
    filter.hidden = false;
    apply();
  };

  const definitions = (dialog) => {
    const figure = dialog.querySelector(".figure");
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.('a[href^="#def-"]');
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
      if (!link || elsewhere || link.closest("#definitions")) return;
      const source = document.getElementById(link.hash.slice(1));
      if (!source) return;
      event.preventDefault();
      figure.replaceChildren(...Array.from(source.childNodes, (node) => node.cloneNode(true)));
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
    });
    dialog.querySelector("button").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  };

  // Marks in the list of sections the one that is being read.
  const sections = (nav) => {
    const links = new Map();
    for (const link of nav.querySelectorAll("a")) {
      links.set(document.getElementById(link.hash.slice(1)), link);
    }
    const visible = new Set();
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) visible[entry.isIntersecting ? "add" : "delete"](entry.target);
      const current = Array.from(links.keys()).find((section) => visible.has(section));
      for (const [section, link] of links) {
        if (section === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "-15% 0px -60% 0px" });
    for (const section of links.keys()) observer.observe(section);
  };

  document.querySelectorAll("table.data").forEach(sortable);
  document.querySelectorAll("p.filter").forEach(filterable);
  const dialog = document.getElementById("definition");
  if (dialog.showModal) definitions(dialog);
  const nav = document.querySelector("nav.sections");
  if ("IntersectionObserver" in window) sections(nav);
})();
