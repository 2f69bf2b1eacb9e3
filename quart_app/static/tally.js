// The officer's form: what is typed, what is sent, and what the answers say about it.

import { Ballots, balance, typed } from "./ballot.js";
import { figure } from "./figures.js";
import { Outbox } from "./outbox.js";
import { Sent, describe } from "./sent.js";

const CONNECTION = {
  connecting: ["Connecting", ""],
  live: ["Connected", ""],
  lost: ["Connection lost", "Trying again; what has no receipt is sent again by itself."],
  refused: ["Not connected", ""],
  closed: ["Not connected", ""],
};
const COUNTS = ["ballots_cast", "write_ins", "overvotes", "undervotes", "rejected_ballots"];
const NEXT_REVISION = /send revision (\d+)/;

const $ = (id) => document.getElementById(id);
const entry = $("entry");
const form = $("tally");
const election = entry.dataset.election;
const tokenKey = `token for ${election}`;
const ballots = new Ballots();
const sent = new Sent(election);
let outbox = null;
// The username of an officer's session, where one is used in the place of a token.
let member = "";
// The ref of what stands in the form, while it waits for its answer.
let inForm = null;

// ---- connecting ----

/** An officer who is signed in needs no token: the cookie goes along by itself. */
async function connectBySession() {
  const answer = await fetch("/api/v1/me").catch(() => null);
  const me = answer?.ok ? await answer.json() : null;
  if (!me?.roles.includes("officer") || outbox || $("token").value) return;
  member = me.username;
  connect(null);
}

async function connect(token) {
  if (!isSecureContext) {
    showState("closed", { title: "Open this page over HTTPS: a token must not travel in the clear." });
    return;
  }
  try {
    await ballots.load(election);
  } catch {
    showState("closed", { title: "The ballots could not be loaded; connect again." });
    return;
  }
  if (token) sessionStorage.setItem(tokenKey, token);
  outbox = new Outbox(election, token, sent.waiting(), { onState: showState, onWelcome: welcome, onAnswer: answered });
  outbox.open();
}

function showState(state, problem) {
  const [word, detail] = CONNECTION[state];
  $("connection").dataset.state = state;
  $("connection-word").textContent = word;
  $("connection-detail").textContent = state === "live" && member ? `Signed in as ${member}` : detail;
  $("token-fault").textContent = (member && state === "refused" ? "Your session has ended: sign in again." : problem?.title) ?? "";
  $("token").toggleAttribute("aria-invalid", false);
  if (state !== "refused" && state !== "closed") return;
  if (state === "refused") {
    sessionStorage.removeItem(tokenKey);
    $("token").setAttribute("aria-invalid", "true");
  }
  member = "";
  form.hidden = $("sign-out").hidden = true;
  $("sign-in").hidden = false;
  $("token").focus();
}

function welcome({ precincts }) {
  $("sign-in").hidden = true;
  $("token").value = "";
  $("sign-out").hidden = Boolean(member);
  listSent();
  if (!form.hidden) return;
  form.hidden = false;
  const named = precincts.map((code) => [code, ballots.nameOf(code)]);
  named.sort((one, other) => one[1].localeCompare(other[1]));
  options($("precinct"), named);
  choosePrecinct();
  $("precinct").focus();
}

// ---- the form ----

function options(select, named) {
  select.replaceChildren(...named.map(([value, name]) => new Option(name, value)));
}

function choosePrecinct() {
  const before = $("contest").value;
  options($("contest"), ballots.contestsIn($("precinct").value).map(({ code, name }) => [code, name]));
  if ([...$("contest").options].some(({ value }) => value === before)) $("contest").value = before;
  chooseContest();
}

function chooseContest() {
  const selections = ballots.contest($("contest").value)?.selections ?? [];
  $("votes").replaceChildren(...selections.map(voteField));
  empty();
}

function voteField({ code, name, party }) {
  const field = document.createElement("div");
  field.className = "field";
  const label = document.createElement("label");
  label.textContent = party ? `${name} (${party})` : name;
  const input = document.createElement("input");
  input.id = label.htmlFor = input.name = `votes.${code}`;
  input.inputMode = "numeric";
  input.autocomplete = "off";
  input.maxLength = 12;
  field.append(label, input);
  return field;
}

const voteInputs = () => [...$("votes").querySelectorAll("input")];
const countInputs = () => [...voteInputs(), ...COUNTS.map((name) => $(name))];

/** The tally in the form; what is empty or no number becomes what `otherwise` makes of it. */
function read(otherwise) {
  const value = (input) => {
    const number = typed(input.value);
    return Number.isInteger(number) ? number : otherwise(input);
  };
  const votes = Object.fromEntries(voteInputs().map((input) => [input.name.slice("votes.".length), value(input)]));
  const counts = Object.fromEntries(COUNTS.map((name) => [name, value($(name))]));
  return { type: "tally", precinct: $("precinct").value, contest: $("contest").value, votes, ...counts };
}

function addUp() {
  const allowed = ballots.contest($("contest").value)?.votes_allowed ?? 1;
  const { votes, found, expected } = balance(read(() => 0), allowed);
  const output = $("balance");
  const each = allowed > 1 ? ` (${allowed} votes a ballot)` : "";
  output.dataset.holds = found === 0 && expected === 0 ? "" : found === expected ? "yes" : "no";
  const difference = found - expected;
  const verdict = { yes: "It balances.", no: `It does not balance: ${figure(Math.abs(difference))} too ${difference > 0 ? "many" : "few"}. It can be sent, and is then held for review.`, "": "" };
  output.textContent = `Votes ${figure(votes)}. With write-ins, overvotes and undervotes ${figure(found)} of ${figure(expected)}${each}. ${verdict[output.dataset.holds]}`;
}

function empty() {
  for (const input of countInputs()) input.value = "";
  $("correction").hidden = true;
  $("revision").value = $("reason").value = "";
  settle();
  addUp();
}

/** Nothing in the form is under way any more. */
function settle() {
  inForm = null;
  clearFaults();
  $("send").disabled = false;
  $("send").textContent = "Send the tally";
}

function askForRevision(revision, why) {
  $("correction").hidden = false;
  $("correction-why").textContent = why;
  $("revision").value = revision;
  $("reason").focus();
}

function putBack({ tally, answer }) {
  $("precinct").value = tally.precinct;
  choosePrecinct();
  $("contest").value = tally.contest;
  chooseContest();
  for (const input of voteInputs()) input.value = tally.votes[input.name.slice("votes.".length)];
  for (const name of COUNTS) $(name).value = tally[name];
  addUp();
  if (answer.type === "receipt") askForRevision(tally.revision + 1, "Mend the figures and say why.");
  else showProblem(answer, tally);
  form.scrollIntoView();
}

// ---- faults ----

function clearFaults() {
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  for (const fault of form.querySelectorAll(".fault")) fault.remove();
  $("problem").hidden = true;
}

function showFault(input, message) {
  const fault = document.createElement("p");
  fault.className = "fault";
  fault.id = `${input.id}-fault`;
  fault.textContent = message;
  input.parentElement.append(fault);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", fault.id);
}

function showProblem(problem, tally) {
  clearFaults();
  $("problem").textContent = `Not taken: ${problem.title}`;
  $("problem").hidden = false;
  if (problem.code === "revision-conflict") {
    const next = NEXT_REVISION.exec(problem.title)?.[1] ?? tally.revision + 1;
    askForRevision(next, "This precinct has reported this contest already. To correct it, check the figures, say why and send.");
    return;
  }
  if (tally.revision > 1) askForRevision(tally.revision, "");
  for (const { field, message } of problem.errors) {
    const input = form.elements.namedItem(field);
    if (input) showFault(input, message);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

// ---- sending ----

function submit() {
  clearFaults();
  $("receipt").hidden = true;
  const missing = [];
  const tally = read((input) => missing.push(input));
  for (const input of missing) showFault(input, input.value.trim() ? "Digits only." : "Fill in 0 if there were none.");
  if (missing.length) {
    missing[0].focus();
    return;
  }
  const correcting = !$("correction").hidden;
  tally.revision = correcting ? (typed($("revision").value) ?? 1) : 1;
  if (correcting) tally.reason = $("reason").value;
  tally.ref = inForm = crypto.randomUUID();
  sent.add(tally);
  outbox.send(tally);
  $("send").disabled = true;
  $("send").textContent = "Waiting for the receipt";
  listSent();
}

function answered(answer) {
  const item = sent.answered(answer);
  listSent();
  if (!item || answer.ref !== inForm) return;
  settle();
  if (answer.type !== "receipt") {
    showProblem(answer, item.tally);
    return;
  }
  $("receipt").replaceChildren(...describe(answer));
  $("receipt").hidden = false;
  if (answer.status === "quarantined") askForRevision(answer.revision + 1, "It is stored and held for review. If a figure was mistyped, mend it, say why and send.");
  else {
    empty();
    $("contest").focus();
  }
}

function listSent() {
  sent.show($("sent-rows"), ballots, putBack);
  $("sent").hidden = !$("sent-rows").children.length;
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  connect($("token").value.trim());
});
$("sign-out").addEventListener("click", () => {
  sessionStorage.removeItem(tokenKey);
  outbox.close();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
form.addEventListener("input", addUp);
$("precinct").addEventListener("change", choosePrecinct);
$("contest").addEventListener("change", chooseContest);
$("clear").addEventListener("click", empty);
$("correct").addEventListener("click", () => askForRevision(2, "Give the number of the revision, 2 for a first correction, and say why."));

entry.hidden = false;
const token = sessionStorage.getItem(tokenKey);
if (token) connect(token);
else connectBySession();
