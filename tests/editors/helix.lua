--- An unmodified Helix, set up by `tandem setup helix` and by nothing else, offers suggestions in its menu.
--- `nvim -l tests/editors/helix.lua`, started by run.sh: Neovim is only the interpreter here.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Helix = require('helix_editor')

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

local ORDERS = scratch.read(scratch.repository .. '/tests/editors/workspace/orders.py')

local helix =
  Helix.start('helix', { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' }, 'orders.py')
local terminal = helix.terminal

--- Takes the item of the menu, as a user does: selected it is previewed in the buffer, then it is accepted.
local function complete_line(before)
  helix:append(before .. TYPED)
  helix:menu(REST, TYPED)
  terminal:press('Tab')
  terminal:wait_for(before .. TYPED .. REST)
  terminal:press('Enter')
  helix:normal()
  helix:write('        ' .. before .. TYPED .. REST .. '\n')
end

check.case('Helix attaches', function()
  helix:attached()
  check.truthy(not vim.tbl_isempty(scratch.processes(helix.environment)), 'the server is not among the processes')
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
    totals = scratch.totals(helix.environment)
    return totals and totals.acceptedWhole == 2
  end, function()
    return totals
  end)
end)

check.case('undo takes a suggestion back, and it is offered again', function()
  -- Helix takes a line of its own accord back in two steps: the suggestion, and what was typed before it.
  terminal:press('u', 'u', 'u', 'u')
  helix:command('write')
  check.wait('the file as it was', function()
    local there, text = pcall(scratch.read, helix.workspace .. '/orders.py')
    return there and text == ORDERS
  end, function()
    return helix:rows()
  end)
  complete_line('')
end)

check.case('with several cursors all of them get it', function()
  -- Two empty lines with a cursor in each.
  for _ = 1, 2 do
    terminal:press('g', 'e', 'o')
    terminal:wait_for(' INS ')
    helix:normal()
  end
  terminal:press('k', 'C')
  terminal:wait_for('2 sels')
  -- At the indentation of a method's body.
  terminal:press('i')
  terminal:wait_for(' INS ')
  terminal:type('        ' .. TYPED)
  helix:menu(REST, TYPED)
  terminal:press('Tab', 'Enter')
  helix:normal()
  terminal:press(',')
  local line = '        ' .. TYPED .. REST
  helix:write(line .. '\n' .. line .. '\n')
end)

check.case('lines that end in CR LF keep their ends', function()
  scratch.write(helix.workspace .. '/dos.py', (ORDERS:gsub('\n', '\r\n')))
  helix.file = 'dos.py'
  helix:command('open dos.py')
  terminal:wait_for('dos.py')
  helix:append(TYPED)
  helix:menu(REST, TYPED)
  terminal:press('Tab', 'Enter')
  helix:normal()
  helix:write(TYPED .. REST .. '\r\n')
  local text = scratch.read(helix.workspace .. '/dos.py')
  check.equal(select(2, text:gsub('\r\n', '')), select(2, text:gsub('\n', '')), 'line ends')
end)

check.case('a file that is not saved yet gets suggestions', function()
  helix.file = 'unsaved.py'
  helix:command('open unsaved.py')
  terminal:wait_for('unsaved.py')
  terminal:press('i')
  terminal:wait_for(' INS ')
  terminal:type(TYPED)
  helix:menu(REST, TYPED)
  check.truthy(not vim.uv.fs_stat(helix.workspace .. '/unsaved.py'), 'it was saved')
  terminal:press('Tab', 'Enter')
  helix:normal()
  helix:write(TYPED .. REST .. '\n')
end)

check.case('a scratch buffer, of which servers know nothing, stays usable', function()
  helix:command('new')
  terminal:wait_for('[scratch]')
  helix:command('set-language python')
  terminal:press('i')
  terminal:wait_for(' INS ')
  terminal:type(TYPED)
  terminal:wait_for(TYPED)
  helix:normal()
  helix:command('buffer-close!')
  terminal:wait_for('unsaved.py')
end)

check.case('quitting Helix leaves nothing behind', function()
  helix:quit()
end)

--- The names that `hx --health LANGUAGE` lists, with the configuration of an environment.
local function servers(language, environment)
  local command = { scratch.editors .. '/bin/hx', '--health', language }
  local ended = vim.system(command, { env = environment, text = true }):wait()
  check.truthy(ended.code == 0, 'hx --health ' .. language .. ': ' .. ended.stderr)
  local names = {}
  local list = ended.stdout:gsub('\27%[[%d;]*m', ''):match('Configured language servers:(.-)\nConfigured debug') or ''
  for name in list:gmatch('\n%s+%S+%s+([%w_%-%.]+):') do
    table.insert(names, name)
  end
  return names
end

check.case("every language keeps Helix's own servers, in their order", function()
  local plain = scratch.home('helix-plain')
  local count = 0
  for language in scratch.read(helix.languages):gmatch('name = "([^"]+)"\nlanguage%-servers') do
    local expected = servers(language, plain)
    table.insert(expected, 'tandem')
    check.equal(expected, servers(language, helix.environment), language)
    count = count + 1
  end
  check.truthy(count > 20, count .. ' languages')
end)

check.finish()
