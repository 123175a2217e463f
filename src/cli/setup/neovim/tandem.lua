-- What `tandem setup neovim` writes into `plugin/tandem_setup.lua` of the user's configuration. The words in capitals
-- are filled in, and this paragraph is left out. tests/editors/setup_neovim.lua starts a real Neovim with it.

if vim.fn.has('nvim-0.12') == 0 then
  vim.notify('Tandem shows its suggestions in Neovim 0.12 or newer', vim.log.levels.WARN)
  return
end

-- The plugin, where it is installed, does all of this and more.
if #vim.api.nvim_get_runtime_file('lua/tandem/init.lua', false) > 0 then
  require('tandem').setup({ cmd = { 'COMMAND', 'serve' } })
  return
end

vim.lsp.config('tandem', { cmd = { 'COMMAND', 'serve' }, filetypes = 'FILETYPES', root_markers = { '.git' } })
vim.lsp.enable('tandem')

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('tandem', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'tandem' and client:supports_method('textDocument/inlineCompletion', event.buf) then
      vim.lsp.inline_completion.enable(true, { bufnr = event.buf })
    end
  end,
})

-- Neovim 0.12.4 would insert once more what was typed since the suggestion came (neovim#36529): accept the rest only.
local function rest_of(item)
  if type(item.insert_text) == 'string' and item.range then
    local row, column = item.range:to_extmark()
    local cursor = vim.api.nvim_win_get_cursor(0)
    if cursor[1] == row + 1 and cursor[2] > column then
      local typed = vim.api.nvim_get_current_line():sub(column + 1, cursor[2])
      if not vim.startswith(item.insert_text, typed) then
        return nil
      end
      item.insert_text, item.range = item.insert_text:sub(#typed + 1), nil
    end
  end
  return item
end

-- Neovim's own Tab jumps in snippets, and so does this one. A key of the user's stays as it is.
local tab = vim.fn.maparg('<Tab>', 'i', false, true)
if vim.tbl_isempty(tab) or (tab.desc or ''):find('vim.snippet', 1, true) then
  vim.keymap.set('i', '<Tab>', function()
    if vim.lsp.inline_completion.get({ on_accept = rest_of }) then
      return
    end
    return vim.snippet.active({ direction = 1 }) and '<Cmd>lua vim.snippet.jump(1)<CR>' or '<Tab>'
  end, { expr = true, desc = 'Accept the suggestion' })
end
if vim.fn.maparg('<M-n>', 'i') == '' then
  vim.keymap.set('i', '<M-n>', function()
    vim.lsp.inline_completion.select({ count = 1 })
  end, { desc = 'Next suggestion' })
end
