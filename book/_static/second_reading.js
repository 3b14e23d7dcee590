// A link to a second reading, to a heading in it, or to a line of a folded listing opens what it leads to.
function named(hash) {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null; // an address that was cut, as "#%E2%80"
  }
}

function open() {
  const target = location.hash && named(location.hash);
  if (!target) return;
  const folded = [target.querySelector(":scope > details.second"), target.closest("details.second, details.k-fold")].filter(Boolean);
  if (folded.every((it) => it.open)) return;
  for (const it of folded) it.open = true;
  target.scrollIntoView();
}

addEventListener("hashchange", open);
document.addEventListener("click", (event) => event.target.closest?.("a[href*='#']") && setTimeout(open)); // the same link a second time
if (document.readyState === "loading") addEventListener("DOMContentLoaded", open);
else open();
