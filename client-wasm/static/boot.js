import init from '{{client.js}}'

// Without it the page needs the server to open; everything else is the same.
if ('serviceWorker' in navigator) navigator.serviceWorker.register('/sw.js').catch(() => {})

init({ module_or_path: '{{client.wasm}}' }).catch(error => {
  console.error(error)
  const text = document.getElementById('boot-text')
  if (text) text.textContent = 'Gesso could not start here. Reload the page; if that does not help, use a current browser with WebAssembly.'
})
