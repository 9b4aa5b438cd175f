// How many notices are new, beside the link to them; without this script the link is there all the same.
(() => {
  const badge = document.querySelector("[data-unread]");
  if (!badge) return;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("/notices/unread", { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const { unread } = await answer.json();
      badge.textContent = unread > 99 ? "99+" : unread;
      badge.hidden = unread === 0;
    } catch {
      // The next time, then.
    }
  };
  ask();
  setInterval(ask, 60000);
})();
