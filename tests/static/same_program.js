// Says which modules of one folder are not, but for comments and blanks, the same programs as those of another.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Every leaf of the syntax tree with its text. @param {string} path @returns {string[]} */
function leaves(path) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node */
  const walk = (node) => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return;
    const children = node.getChildren(source);
    if (children.length) children.forEach(walk);
    else if (node.kind !== ts.SyntaxKind.SyntaxList) found.push(node.getText(source));
  };
  walk(source);
  return found;
}

const [before, after] = process.argv.slice(2);
for (const name of readdirSync(before).filter((each) => each.endsWith(".js"))) {
  const [one, other] = [leaves(join(before, name)), leaves(join(after, name))];
  const at = one.findIndex((token, index) => token !== other[index]);
  if (at >= 0 || one.length !== other.length) console.log(`${name}: ${one[at]} became ${other[at]}`);
}
