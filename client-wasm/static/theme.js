// Before the first paint, so that a light page never flashes dark. `web/theme.rs` writes the same key.
(() => {
  let choice = null
  try { choice = localStorage.getItem('gesso.theme') } catch { /* storage may be blocked: the system decides */ }
  const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
  document.documentElement.dataset.theme = choice === 'light' || choice === 'dark' ? choice : system
})()
