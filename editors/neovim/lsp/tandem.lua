--- The configuration that `vim.lsp.enable('tandem')` finds. `vim.lsp.config('tandem', { … })` and `setup` merge into
--- it. Neovim reads this file when it looks for a client to start, so what it needs is loaded only when it is called.

--- Loads `module` when the function `name` of it is called for the first time.
local function later(module, name)
  return function(...)
    return require(module)[name](...)
  end
end

return {
  cmd = { 'tandem', 'serve' },
  root_markers = { '.tandem.toml', '.git' },
  root_dir = later('tandem.client', 'choose_root'),
  -- A key must never wait for a server that was told to go.
  exit_timeout = 3000,
  capabilities = {
    experimental = { tandemAnswers = true, tandemConsent = true, tandemPrompt = true },
  },
  handlers = {
    ['tandem/status'] = later('tandem.status', 'on_status'),
    ['tandem/answer'] = later('tandem.answers', 'on_event'),
    ['tandem/consent'] = later('tandem.consent', 'on_request'),
    ['window/showMessageRequest'] = later('tandem.message_request', 'on_request'),
  },
  commands = {
    ['tandem.prompt'] = later('tandem.ask', 'on_prompt'),
  },
  -- Called where hardly anything may be called, while the client still knows its buffers.
  on_exit = function(code, signal, id)
    local client = vim.lsp.get_client_by_id(id)
    local buffers = client and vim.tbl_keys(client.attached_buffers) or {}
    local was_asked_to = client == nil or client._is_stopping == true or (code == 0 and signal == 0)
    vim.schedule(function()
      require('tandem.client').on_exit(id, buffers, was_asked_to)
    end)
  end,
}
