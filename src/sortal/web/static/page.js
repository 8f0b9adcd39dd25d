// What both pages need: asking the interface, and building elements of plain text.
// @ts-check

export const API = "/api/v1";

/** An answer that is none: its status and the sentence that came with it. */
export class Refused extends Error {
  /** @param {number} status @param {string} sentence */
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/**
 * @param {string} path Behind the version.
 * @param {unknown} [body] Posted as JSON, where it is given.
 * @returns {Promise<any>}
 */
export async function ask(path, body) {
  const posted = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(API + path, body === undefined ? {} : posted);
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Refused(answer.status, told.error);
  return told;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * @param {string} name @param {string | (Node | string)[]} inside @param {string} [kind] Its class.
 * @returns {HTMLElement}
 */
export function element(name, inside, kind = "") {
  const made = document.createElement(name);
  made.append(...(typeof inside === "string" ? [inside] : inside));
  if (kind) made.className = kind;
  return made;
}

/** @param {unknown} value @returns {string} */
export function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toPrecision(4);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Columns without any value are left out.
 * @param {Record<string, any>[]} rows
 * @param {Record<string, (row: Record<string, any>) => Node>} [cells] Columns that are built otherwise.
 */
export function table(rows, cells = {}) {
  if (!rows.length) return element("p", "Nothing yet.");
  const names = Object.keys(rows[0]).filter((name) => rows.some((row) => shown(row[name]) !== ""));
  const numeric = (/** @type {string} */ name) => rows.some((row) => typeof row[name] === "number");
  const kind = (/** @type {string} */ name) => (numeric(name) ? "number" : "");
  const head = element("tr", names.map((name) => element("th", name, kind(name))));
  const body = rows.map((row) =>
    element("tr", names.map((name) => element("td", [cells[name]?.(row) ?? shown(row[name])], kind(name)))),
  );
  return element("table", [element("thead", [head]), element("tbody", body)]);
}

/** @param {string} text @param {() => void} act */
export function link(text, act) {
  const made = element("button", text, "link");
  made.setAttribute("type", "button");
  made.addEventListener("click", act);
  return made;
}
