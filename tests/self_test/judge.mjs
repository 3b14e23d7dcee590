// Judge answers as the page does: node judge.mjs < [[question, answer], ...]   ->   [verdict or {error}, ...]

import { readFileSync } from "node:fs";
import { judge } from "../../tools/site/self_test_js/judge.js";
import { FormulaError } from "../../tools/site/self_test_js/formula.js";

const judged = JSON.parse(readFileSync(0, "utf8")).map(([question, answer]) => {
  try {
    return judge(question, answer);
  } catch (error) {
    if (error instanceof FormulaError) return { error: error.message };
    throw error;
  }
});
console.log(JSON.stringify(judged));
