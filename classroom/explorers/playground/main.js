// The entry of the playground's bundle, a plain script that comes after the engine's.

import css from "./playground.css";

const place = document.getElementById("playground");
if (place) document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
