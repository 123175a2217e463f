--- Types into orders.py with the plugin, lookup alone: the same text is suggested on every machine. All of it is about
--- the editor that was started last.
local scratch = require('scratch')
local Neovim = require('neovim')

local M = {}

local editor

--- Everything is shown, however well the gate is calibrated.
local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = '100' }

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
M.INDENT, M.TYPED, M.REST = '        ', 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

M.ORDERS = scratch.read(scratch.repository .. '/tests/editors/workspace/orders.py')

--- Starts Neovim as the documentation says, with a note of the events that the plugin tells.
function M.start(name)
  local init = scratch.snippet('docs/editors/neovim.md', 'lua plugin')
  -- A tab that is typed is to be a tab.
  editor = Neovim.with_plugin(name, LOOKUP, init .. 'vim.g.python_recommended_style = 0')
  editor:lua([[
    _G.tab = vim.fn.maparg('<Tab>', 'i', false, true)
    _G.events = {}
    vim.api.nvim_create_autocmd('User', { pattern = 'Tandem*', callback = function(event)
      _G.events[event.match] = (_G.events[event.match] or 0) + 1
      _G.last_status = event.match == 'TandemStatus' and event.data.status or _G.last_status
    end })
  ]])
  return editor
end

--- Undoes what earlier cases did to a file and goes below its last line, to the indentation of a method's body.
function M.new_line()
  editor:type('<Esc>')
  editor:set_text(M.ORDERS)
  editor:type('Go<C-U>')
  editor:enter(M.INDENT, M.INDENT)
end

function M.suggest(before)
  M.new_line()
  editor:type((before or '') .. M.TYPED)
  return editor:wait_for_ghost()
end

return M
