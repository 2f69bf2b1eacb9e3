// Says on a page of tables that newer tallies are in; loading them is the reader's choice.

import { ResultsStream } from "./stream.js";

const hint = document.getElementById("newer");
const { election, contest, version } = hint.dataset;
const address = `/api/v1/elections/${encodeURIComponent(election)}/results/stream?contest=${encodeURIComponent(contest)}`;

new ResultsStream(
  address,
  (results) => (hint.hidden &&= results.version <= Number(version)),
  () => {},
).start();
