// Sends a file of many rows to the API as it is, shows how far it is, and what became of the rows.
// The server reads no faster than it stores, so what is sent is nearly what is stored.

import { figure, percent } from "./figures.js";
import { t } from "./texts.js";

const SHOWN = 200;
// Screen readers hear of the progress at most this often.
const TOLD_MS = 5_000;

const $ = (id) => document.getElementById(id);
const form = $("upload");
const input = $("file");
let sending = null;

form.addEventListener("submit", (event) => {
  const file = input.files[0];
  // Without a file the server says what is missing.
  if (!file) return;
  event.preventDefault();
  if (!sending) send(file);
});
$("stop").addEventListener("click", () => sending?.abort());
addEventListener("beforeunload", (event) => sending && event.preventDefault());

function send(file) {
  let toldAt = 0;
  $("outcome").hidden = $("sending-fault").hidden = true;
  $("sending").hidden = false;
  $("sending-word").textContent = t("Sending %(file)s", { file: file.name });
  $("sending-bar").value = 0;
  $("stop").focus();
  sending = new XMLHttpRequest();
  sending.upload.addEventListener("progress", ({ loaded, total }) => {
    $("sending-bar").value = total ? loaded / total : 0;
    if (Date.now() - toldAt < TOLD_MS && loaded < total) return;
    toldAt = Date.now();
    const part = total ? loaded / total : 1;
    $("sending-word").textContent = part < 1
      ? t("Sending %(file)s: %(part)s", { file: file.name, part: percent(part) })
      : t("Sent; waiting for the answer");
  });
  sending.addEventListener("load", ({ target }) => end(() => show(target)));
  sending.addEventListener("error", () => end(() => fault(t("The connection was lost. What had come by then may be stored: send the same file again, and what is there already stays as it is."))));
  sending.addEventListener("abort", () => end(() => fault(t("Stopped. What had come by then is stored: send the same file again, and what is there already stays as it is."))));
  sending.open("POST", form.dataset.api);
  sending.setRequestHeader("Accept", "application/json");
  sending.setRequestHeader("Content-Type", "application/octet-stream");
  sending.send(file);
}

function end(tell) {
  sending = null;
  $("sending").hidden = true;
  tell();
}

function fault(text) {
  $("sending-fault").textContent = text;
  $("sending-fault").hidden = false;
  $("sending-fault").focus();
}

function show({ status, responseText }) {
  let answer;
  try {
    answer = JSON.parse(responseText);
  } catch {
    fault(t("The server's answer (%(status)s) cannot be read.", { status }));
    return;
  }
  if (status !== 200) {
    fault(status === 401 ? t("Your session has ended: load the page again and sign in.") : answer.title);
    return;
  }
  for (const name of ["added", "unchanged", "refused"]) $(name).textContent = figure(answer[name]);
  const rows = answer.items.filter((item) => item.status === "refused").slice(0, SHOWN);
  $("refused-rows").replaceChildren(...rows.map(line));
  $("refusals").hidden = !rows.length;
  $("refusals-more").hidden = answer.refused <= rows.length;
  $("outcome").hidden = false;
  $("outcome").focus();
}

function line({ row, errors }) {
  const made = document.createElement("tr");
  const number = document.createElement("th");
  number.scope = "row";
  number.textContent = figure(row);
  const told = document.createElement("td");
  for (const { field, message } of errors ?? []) {
    const fault = document.createElement("p");
    if (field) {
      const name = document.createElement("code");
      name.textContent = field;
      fault.append(name, " ");
    }
    fault.append(message);
    told.append(fault);
  }
  made.append(number, told);
  return made;
}
