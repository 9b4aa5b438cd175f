// j and k walk through a list, Enter opens what is reached, / goes to the filter. Without this file everything still works.
(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const all = rows();
    const at = all.indexOf(document.activeElement?.closest("[data-row]"));
    if (event.key === "j" || event.key === "k") {
      const next = all[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), all.length - 1)];
      next?.focus();
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && at >= 0 && document.activeElement === all[at]) {
      all[at].querySelector("a")?.click();
    } else if (event.key === "/") {
      event.preventDefault();
      document.querySelector(".filter input")?.focus();
    }
  });
})();
