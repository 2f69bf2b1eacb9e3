// The form for complaints: files that cannot be taken are told of before they are sent, and it is sent once.

import { apart } from "./dom.js";
import { figure } from "./figures.js";
import { n, t } from "./texts.js";

const form = document.getElementById("complaint");
const files = document.getElementById("attachments");
const said = document.getElementById("attachments-said");
const mostBytes = Number(form.dataset.mostBytes);
const mostFiles = Number(form.dataset.mostFiles);
const MB = 1_048_576;
let sent = false;

function fault() {
  if (files.files.length > mostFiles) {
    return n("At most %(count)s file can be sent.", "At most %(count)s files can be sent.", mostFiles, { count: figure(mostFiles) });
  }
  const large = [...files.files].find(({ size }) => size > mostBytes);
  if (!large) return "";
  return t("%(name)s is larger than %(most)s MB. Choose a smaller one.", { name: apart(large.name), most: figure(mostBytes / MB) });
}

function tell() {
  said.textContent = fault();
  if (said.textContent) files.setAttribute("aria-invalid", "true");
  else files.removeAttribute("aria-invalid");
  return said.textContent !== "";
}

files.addEventListener("change", tell);
// What was chosen before this was here is looked at too.
tell();
form.addEventListener("submit", (event) => {
  const faulty = tell();
  if (faulty || sent) event.preventDefault();
  if (faulty) files.focus();
  sent ||= !faulty;
});
// Whoever comes back to the page may send it again.
addEventListener("pageshow", () => {
  sent = false;
});
