// The entry of the bundle: it brings every explorer of the page to life that has no bundle of its own, and is an anywidget module.

import css from "./explorer.css";
import { EXPLORERS } from "./all.js";
import { bring, pictured, rendering } from "./host.js";
import { mount } from "./stage.js";

const mounts = Object.fromEntries(Object.entries(EXPLORERS).map(([name, explorer]) => [name, (figure) => mount(figure, explorer)]));

bring(mounts, css);

export default { render: rendering(mounts, css, pictured) };
