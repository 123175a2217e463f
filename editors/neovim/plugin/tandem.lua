--- Read at every start of Neovim, so it does next to nothing: a command, mappings and an autocommand that load the rest
--- when they are used. Everything here works with `vim.lsp.enable('tandem')` alone; `setup` is for options.
if vim.g.loaded_tandem then
  return
end
vim.g.loaded_tandem = true

vim.api.nvim_create_user_command('Tandem', function(command)
  require('tandem.commands').run(command)
end, {
  nargs = '*',
  range = true,
  desc = 'Tandem: questions, budget, status',
  complete = function(lead, line)
    return require('tandem.commands').complete(lead, line)
  end,
})

if vim.fn.has('nvim-0.12') == 0 then
  return
end

local group = vim.api.nvim_create_augroup('tandem', { clear = true })
vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  desc = 'Tandem: ghost text and keys',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'tandem' then
      require('tandem.attach').attach(client, event.buf)
    end
  end,
})
vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  desc = 'Tandem: keys as they were',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'tandem' then
      require('tandem.attach').detach(client, event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  desc = 'Tandem: say when the program is missing',
  callback = function()
    -- Looking at `vim.lsp` would load it.
    if not package.loaded['vim.lsp'] or not vim.lsp.is_enabled('tandem') then
      return false
    end
    vim.schedule(function()
      require('tandem.client').check_binary()
    end)
    -- Once is enough.
    return true
  end,
})

local function plug(mode, name, act)
  vim.keymap.set(mode, '<Plug>(tandem-' .. name .. ')', act, { silent = true, desc = 'Tandem: ' .. name })
end
for _, action in ipairs({ 'accept', 'accept-word', 'accept-line', 'next', 'previous', 'dismiss', 'trigger' }) do
  plug('i', action, function()
    require('tandem.ghost').act(action)
  end)
end
-- As a command line, so that a selection becomes its range.
plug({ 'n', 'x' }, 'ask', ':Tandem ask<CR>')
plug('n', 'why', '<Cmd>Tandem why<CR>')
plug('n', 'toggle', '<Cmd>Tandem toggle<CR>')
