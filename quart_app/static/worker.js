// The service worker of the entry: keeps its page and modules, so that it opens without a network.
// The server puts KEEPS in front of this: { scope, shell, version }, new whenever one of the files is.

const OURS = `entry ${KEEPS.scope} `;
const CACHE = OURS + KEEPS.version;
// A server that says nothing for so long is not waited for any more.
const PATIENCE_MS = 6_000;

addEventListener("install", (event) => event.waitUntil(fill()));
addEventListener("activate", (event) => event.waitUntil(empty()));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode === "navigate") event.respondWith(opened(event.request));
  else if (pathname.startsWith("/static/")) event.respondWith(file(event.request));
});

/** The page, the files that it names, and the modules that those import. */
async function fill() {
  const cache = await caches.open(CACHE);
  const page = await fresh(KEEPS.shell);
  const named = (await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g);
  await cache.put(KEEPS.shell, page);
  const known = new Set([...named].map(([, address]) => address));
  for (const address of known) {
    const found = await fresh(address);
    if (address.endsWith(".js")) {
      for (const [, name] of (await found.clone().text()).matchAll(/\bfrom\s*"\.\/([^"]+)"/g)) known.add(address.replace(/[^/]+$/, name));
    }
    await cache.put(address, found);
  }
}

async function fresh(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} was answered by ${answer.status}`);
  return answer;
}

/** Runs once no tab uses the former worker any more: until then an open form keeps its own files. */
async function empty() {
  const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** The server's page, or the kept one where the server is away or does not know what to say. */
async function opened(request) {
  const kept = async () => (await caches.match(KEEPS.shell, { cacheName: CACHE })) ?? Response.error();
  try {
    const answer = await within(fetch(request));
    return answer.status >= 500 ? kept() : answer;
  } catch {
    return kept();
  }
}

async function file(request) {
  return (await caches.match(request.url, { cacheName: CACHE })) ?? fetch(request);
}

const within = (coming) => Promise.race([coming, new Promise((_, reject) => setTimeout(reject, PATIENCE_MS))]);
