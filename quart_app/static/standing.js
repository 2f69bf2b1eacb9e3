// How the whole election stands, under the header of every page about it.

/** Shows what `templates/design/states.html` says of this status of an election, and nothing else. */
export function showStanding(status) {
  const standing = document.getElementById("state");
  if (standing.dataset.status === status) return;
  standing.dataset.status = status;
  for (const one of standing.children) one.hidden = !one.dataset.when.split(" ").includes(status);
}
