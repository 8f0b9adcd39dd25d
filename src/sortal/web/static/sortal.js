// The page of jobs: lists them, shows one and its classifiers, runs and deletes.
// @ts-check
import { API, Refused, ask, byId, element, link, shown, table } from "./page.js";

/** @type {EventSource | null} */
let stream = null;
let job = "";

const named = (/** @type {string} */ name) => `/jobs/${encodeURIComponent(name)}`;

/** @param {() => Promise<void>} act Whatever goes wrong is told on the page. */
async function tried(act) {
  try {
    byId("message").textContent = "";
    await act();
  } catch (error) {
    byId("message").textContent = error instanceof Error ? error.message : String(error);
    byId("entry").hidden = !(error instanceof Refused && error.status === 401);
  }
}

async function showJobs() {
  const { jobs } = await ask("/jobs?limit=1000");
  const cells = {
    job: (/** @type {any} */ row) => link(row.job, () => tried(() => showJob(row.job))),
    updated: (/** @type {any} */ row) => element("time", (row.updated ?? "").slice(0, 16).replace("T", " ")),
  };
  byId("jobs").replaceChildren(table(jobs, cells));
}

/** @param {string} name */
async function showJob(name) {
  const about = await ask(named(name));
  job = name;
  location.hash = encodeURIComponent(name);
  byId("job").hidden = false;
  byId("classifier").hidden = true;
  byId("job-title").textContent = name;
  byId("targets").hidden = !about.targets.length;
  byId("target").replaceChildren(
    ...about.targets.map((/** @type {string} */ target) => element("option", target)),
  );
  byId("text").textContent = about.text;
  byId("failures").replaceChildren(
    ...about.failures.map((/** @type {any} */ one) => element("p", `${one.member}: ${one.reason}`)),
  );
  await showRanking();
  if (about.outline.running) follow(name);
}

async function showRanking() {
  const target = byId("targets").hidden ? "" : `?target=${encodeURIComponent(byId("target").value)}`;
  const ranking = await ask(named(job) + "/ranking" + target);
  const cells = {
    title: (/** @type {any} */ row) => link(row.title, () => tried(() => showClassifier(row.title, ranking.target))),
  };
  byId("tied").textContent = `${ranking.heading}: ${ranking.tied}`;
  byId("ranking").replaceChildren(table(ranking.rows, cells));
}

/** @param {string} title @param {string | null} target */
async function showClassifier(title, target) {
  const asked = new URLSearchParams(target ? { title, target } : { title });
  const about = await ask(`${named(job)}/classifier?${asked}`);
  byId("classifier").hidden = false;
  byId("classifier-title").textContent = [title, target].filter(Boolean).join(", ");
  const parameters = Object.entries(about.parameters).map(([parameter, value]) => ({ parameter, value }));
  byId("about").replaceChildren(
    element("p", `${about.method}, figures on ${about.part} examples`),
    ...about.notes.map((/** @type {string} */ note) => element("p", note)),
    table(about.figures),
    element("h3", "Parameters"), table(parameters),
    element("h3", "By class"), table(about.per_class),
    element("h3", "Confusion"), confusion(about),
    element("h3", "Members"), table(about.each),
  );
  byId("classifier").scrollIntoView();
}

/** @param {any} about */
function confusion({ classes, confusion: matrix }) {
  if (!matrix.length) return element("p", "Independent targets have none: see each by class.");
  return table(matrix.map((/** @type {number[]} */ row, /** @type {number} */ i) => {
    const counts = row.map((count, k) => [`as ${classes[k]}`, count]);
    return { truth: classes[i], ...Object.fromEntries(counts) };
  }));
}

/** @param {string} name */
function follow(name) {
  stream?.close();
  const source = new EventSource(`${API}${named(name)}/events`);
  stream = source;
  let trained = 0, members = 0;
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.event === "JobPlanned") [trained, members] = [event.stored, event.members];
    if (event.event === "MemberTrained") trained += 1;
    byId("progress").textContent = `${name}: ${trained} of ${members} members`;
  };
  source.onerror = () => tried(ended); // the server ends the stream once nothing works on the job

  async function ended() {
    if (source.readyState === EventSource.CLOSED) return; // refused, or closed by us
    const { outline } = await ask(named(name));
    if (outline.running) return; // the line was lost: the browser takes it up again
    source.close();
    await showJobs();
    await showJob(name);
  }
}

/** @param {string} id */
async function watch(id) {
  const run = await ask(`/runs/${id}`);
  byId("output").textContent = run.output;
  if (run.running) setTimeout(() => tried(() => watch(id)), 1000);
  else await showJobs();
}

byId("target").addEventListener("change", () => tried(showRanking));
byId("delete").addEventListener("click", () => tried(async () => {
  if (!confirm(`Delete job "${job}" and the results that no other job shares?`)) return;
  await ask(`${named(job)}/delete`, {});
  byId("job").hidden = byId("classifier").hidden = true;
  location.hash = "";
  await showJobs();
}));
byId("submit").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  tried(async () => {
    const run = await ask("/runs", { text: byId("job-text").value });
    follow(run.job);
    await watch(run.id);
  });
});
byId("entry").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  tried(async () => {
    await ask("/session", { token: byId("token").value });
    byId("entry").hidden = true;
    await showJobs();
  });
});

tried(async () => {
  await showJobs();
  if (location.hash.length > 1) await showJob(decodeURIComponent(location.hash.slice(1)));
});
