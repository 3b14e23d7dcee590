// The entry of the bundle: it brings every explorer of the page to life, and is an anywidget module.

import css from "./explorer.css";
import { EXPLORERS } from "./all.js";
import { pictured } from "./pictured.js";

export default pictured(EXPLORERS, css);
