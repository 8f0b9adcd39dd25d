// The page of the interface: every route as its OpenAPI description tells it.
// @ts-check
import { ask, byId, element, table } from "./page.js";

/** @param {any} parameter */
const told = (parameter) => ({
  name: parameter.name,
  in: parameter.in,
  required: parameter.required ? "yes" : "",
  meaning: parameter.description ?? "",
});

/** @param {any} schema */
function schemaName(schema) {
  const named = schema?.$ref ?? schema?.items?.$ref;
  if (!named) return "";
  return named.split("/").at(-1) + (schema.items ? ", several" : "");
}

/** @param {string} path @param {string} method @param {any} about */
function route(path, method, about) {
  const answer = Object.entries(about.responses).find(([status]) => status.startsWith("2"));
  const content = Object.entries(answer?.[1].content ?? {})[0];
  const answered = content ? `${content[0]} ${schemaName(content[1].schema)}` : "nothing";
  const posted = schemaName(about.requestBody?.content?.["application/json"]?.schema);
  return element("section", [
    element("h3", `${method.toUpperCase()} ${path}`),
    element("p", about.description ?? ""),
    ...(about.parameters?.length ? [table(about.parameters.map(told))] : []),
    ...(posted ? [element("p", `Body: ${posted}`)] : []),
    element("p", `Answer ${answer?.[0]}: ${answered}`),
  ]);
}

/** @param {[string, any]} schema */
function described([name, schema]) {
  const fields = Object.entries(schema.properties ?? {}).map(([field, of]) => ({
    field,
    type: of.type ?? (schemaName(of) || of.anyOf?.map((/** @type {any} */ one) => one.type ?? schemaName(one)).join(" or ")),
    meaning: of.description ?? "",
  }));
  return element("section", [element("h3", name), element("p", schema.description ?? ""), table(fields)]);
}

try {
  const description = await ask("/openapi.json");
  byId("routes").append(element("h2", `${description.info.title} ${description.info.version}`));
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, about] of Object.entries(methods)) byId("routes").append(route(path, method, about));
  }
  byId("routes").append(element("h2", "What is told"), ...Object.entries(description.components.schemas).map(described));
} catch (error) {
  byId("message").textContent = error instanceof Error ? error.message : String(error);
}
