// Parts of this server's pages, asked for while one is open.

/** A document from this server: markup that is parsed, and in which nothing runs. Fails where there is none. */
export function load(address) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.addEventListener("load", () => (request.status === 200 && request.response ? done(request.response) : fail(request.status)));
    request.addEventListener("error", fail);
    request.send();
  });
}
