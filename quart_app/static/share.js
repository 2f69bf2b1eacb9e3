// Buttons that copy the lines beside them.

import { t } from "./texts.js";

const told = document.getElementById("copied");

for (const button of document.querySelectorAll("[data-copies]")) {
  const lines = document.getElementById(button.dataset.copies);
  // Without HTTPS browsers let nobody write to the clipboard; the lines can still be marked and copied.
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(lines.textContent);
      told.textContent = t("Copied.");
    } catch {
      getSelection().selectAllChildren(lines);
      told.textContent = t("Marked: copy it with your keyboard.");
    }
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 2_000);
  });
}
