// The entry of the bundle of one explorer, `jump`, for which the common bundle has no room.

import css from "../explorer.css";
import jump from "../jump.js";
import { pictured } from "../pictured.js";

export default pictured({ jump }, css);
