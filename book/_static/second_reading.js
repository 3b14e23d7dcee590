// A link to a second reading, or to a heading in it, opens what it leads to.
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const folded = [target.querySelector(":scope > details.second"), target.closest("details.second")].filter(Boolean);
  if (folded.every((it) => it.open)) return;
  for (const it of folded) it.open = true;
  target.scrollIntoView();
}

addEventListener("hashchange", open);
document.addEventListener("click", (event) => event.target.closest?.("a[href*='#']") && setTimeout(open)); // the same link a second time
if (document.readyState === "loading") addEventListener("DOMContentLoaded", open);
else open();
