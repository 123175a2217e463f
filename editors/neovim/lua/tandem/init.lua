--- What a configuration calls: `setup`, the status line, and the actions that keys run. The rest is loaded when it is
--- needed.
local M = {}

local TOO_OLD = 'Tandem needs Neovim 0.12 or newer, because older ones show no inline completion. This is %s. '
  .. 'Everything else of Tandem works in a terminal: `tandem --help`.'

--- Whether this Neovim is new enough; says so once where it is not.
--- @return boolean
function M.is_supported()
  if vim.fn.has('nvim-0.12') == 1 then
    return true
  end
  local version = vim.version()
  local this = ('%d.%d.%d'):format(version.major, version.minor, version.patch)
  -- Not while init.lua is read: what is said there looks like an error in it.
  vim.schedule(function()
    vim.notify_once(TOO_OLD:format(this), vim.log.levels.WARN)
  end)
  return false
end

--- Starts Tandem for the buffers that there are and will be, by the options as they are.
local function begin()
  vim.lsp.config('tandem', require('tandem.config').client())
  vim.lsp.enable('tandem')
  require('tandem.client').check_binary()
  if package.loaded['tandem.attach'] then
    require('tandem.attach').renew()
  end
end

--- Takes the options (`:help tandem-options`) and starts Tandem for the buffers that there are and will be. What is
--- wrong with an option is said, and the option left out. May be called again.
--- @param options? table
function M.setup(options)
  if not M.is_supported() then
    return
  end
  if not vim.g.loaded_tandem then
    -- A plugin manager that loads late, or `--noplugin`.
    vim.cmd.runtime('plugin/tandem.lua')
  end
  local problems = require('tandem.config').set(options)
  if #problems > 0 then
    vim.notify('tandem.setup:\n  ' .. table.concat(problems, '\n  '), vim.log.levels.ERROR)
  end
  -- Loading Neovim's client takes many times as long as everything else here, so it waits until the user sees
  -- something.
  if vim.v.vim_did_enter == 1 then
    begin()
  else
    vim.api.nvim_create_autocmd('VimEnter', { once = true, callback = vim.schedule_wrap(begin) })
  end
end

--- A few words for a status line: state, latency, what was spent today. Empty where Tandem is not attached.
--- Put `%{v:lua.require'tandem'.statusline()}` into 'statusline', or call it from a status line plugin.
--- @param bufnr? integer default: the current one
--- @return string
function M.statusline(bufnr)
  return require('tandem.status').line(bufnr)
end

--- Inserts the shown suggestion, or its next word or line.
--- @param part? 'all'|'word'|'line' default: all
--- @return boolean # false where nothing is shown: the key should do what it did before
function M.accept(part)
  return require('tandem.ghost').accept(part or 'all')
end

--- Shows the next candidate (-1: the one before); asks for more where there is one only.
--- @param count? integer default: 1
--- @return boolean # false where nothing is shown
function M.next(count)
  return require('tandem.ghost').cycle(count or 1)
end

--- Takes the suggestion off the screen.
--- @return boolean # false where nothing is shown
function M.dismiss()
  return require('tandem.ghost').dismiss()
end

--- Asks for a suggestion here and now, as `completion.trigger = "manual"` wants it.
--- @return boolean # false where Tandem is not attached
function M.trigger()
  return require('tandem.ghost').trigger()
end

--- Asks a question about a place; asks the user for the words where there are none.
--- @param words? string
--- @param options? { line1: integer, line2: integer } lines from 1; default: the cursor
function M.ask(words, options)
  require('tandem.ask').ask(words, options)
end

return M
