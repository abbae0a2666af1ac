// Keeps the page itself, so that a canvas opens while its server cannot be reached. What is on the canvas is not kept here.
const SHELL = 'gesso-shell'
// A server that does not answer for so long counts as not there, in ms.
const PATIENCE = 5_000

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', event => {
  event.waitUntil(self.clients.claim().then(() => fetch('/')).then(keep).catch(() => {}))
})

self.addEventListener('fetch', event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate' && isPage(pathname)) event.respondWith(page(event, request))
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request))
})

const isPage = pathname => pathname === '/' || /^\/[cp]\/[^/]+$/.test(pathname)

/** The page as the server has it; without the server, as it was last. */
async function page (event, request) {
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) })
    if (response.ok) event.waitUntil(keep(response.clone()))
    return response
  } catch (error) {
    const kept = await caches.match('/', { cacheName: SHELL, ignoreVary: true })
    if (kept) return kept
    throw error
  }
}

/** A file whose name changes with its content: never asked for twice. */
async function file (request) {
  return await caches.match(request, { cacheName: SHELL, ignoreVary: true }) ?? fetch(request)
}

/** Keeps a page with all it loads, and forgets what older ones loaded. */
async function keep (response) {
  if (!response.ok) return
  const cache = await caches.open(SHELL)
  const html = await response.clone().text()
  const wanted = new Set(html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g).map(([, path]) => path))
  for (const path of [...wanted].filter(path => path.endsWith('.css'))) {
    const style = await (await fetch(path)).text()
    for (const [, font] of style.matchAll(/url\(["']?(\/assets\/[^"')]+)/g)) wanted.add(font)
  }
  const known = new Set((await cache.keys()).map(request => new URL(request.url).pathname))
  await cache.addAll([...wanted].filter(path => !known.has(path)))
  // Only now: a page whose files are not all there is of no use.
  await cache.put('/', new Response(html, { headers: response.headers }))
  for (const path of known) if (path !== '/' && !wanted.has(path)) await cache.delete(path)
}
