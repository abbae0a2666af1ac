import init from '{{client.js}}'

init({ module_or_path: '{{client.wasm}}' }).catch(error => {
  console.error(error)
  const text = document.getElementById('boot-text')
  if (text) text.textContent = 'Gesso could not start here. Reload the page; if that does not help, use a current browser with WebAssembly.'
})
