--- An unmodified Helix with the configuration of editors/helix/README.md offers suggestions in its menu.
--- `nvim -l tests/editors/helix.lua`, started by run.sh: Neovim is only the interpreter here.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Terminal = require('terminal')

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

local environment, workspace = scratch.home('helix', { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' })
scratch.write(environment.XDG_CONFIG_HOME .. '/helix/languages.toml', scratch.snippet('editors/helix/README.md', 'toml'))
local file = workspace .. '/orders.py'
local log = environment.XDG_CACHE_HOME .. '/helix/helix.log'
local terminal = Terminal.start('helix', { scratch.editors .. '/bin/hx', '-v', 'orders.py' }, environment, workspace)

--- Takes the item of the menu, as a user does: selected it is previewed in the buffer, then it is accepted.
local function complete_line(before)
  -- Below the last line, at its indentation.
  terminal:press('g', 'e', 'o')
  terminal:wait_for(' INS ')
  terminal:type(before .. TYPED)
  terminal:wait_for(before .. TYPED)
  -- The row of the menu: what is to be inserted, but not in a line of the file.
  check.wait('the menu', function()
    for row in vim.gsplit(terminal:screen(), '\n', { plain = true }) do
      if row:find(REST:sub(1, 20), 1, true) and not row:find(TYPED, 1, true) then
        return true
      end
    end
  end, function()
    return vim.split(terminal:screen(), '\n')
  end)
  terminal:press('Tab')
  terminal:wait_for(before .. TYPED .. REST)
  terminal:press('Enter')
  terminal:press('Escape')
  terminal:wait_for(' NOR ')
  terminal:type(':write')
  terminal:wait_for(':write')
  terminal:press('Enter')
  local expected = '        ' .. before .. TYPED .. REST
  check.wait('the file to end in the suggestion', function()
    -- Helix writes a new file and moves it to its place: for a moment there is none.
    local there, text = pcall(scratch.read, file)
    return there and vim.endswith(text, expected .. '\n')
  end, function()
    return vim.split(terminal:screen(), '\n')
  end)
end

check.case('Helix attaches', function()
  terminal:wait_for(' NOR ')
  check.wait('the handshake', function()
    return vim.uv.fs_stat(log) and scratch.read(log):find('tandem %-> [^\n]*"initialized"')
  end, function()
    return vim.uv.fs_stat(log) and scratch.read(log) or terminal:screen()
  end)
  check.truthy(not vim.tbl_isempty(scratch.processes(environment)), 'the server is not among the processes')
end)

check.case('the menu offers the suggestion, previews it and inserts it', function()
  complete_line('')
end)

check.case('text of many bytes before the cursor moves nothing', function()
  complete_line('x = "🦀é" and ')
end)

check.case('what was accepted is counted', function()
  -- Helix does not run an item's command: this is read off the edits. It kills the server when it quits, so what counts
  -- is what was stored before.
  local totals
  check.wait('both in the database', function()
    totals = scratch.totals(environment)
    return totals and totals.acceptedWhole == 2
  end, function()
    return totals
  end)
end)

check.case('quitting Helix leaves nothing behind', function()
  terminal:type(':quit!')
  terminal:wait_for(':quit!')
  terminal:press('Enter')
  scratch.wait_until_gone(environment)
end)

terminal:close()
check.finish()
