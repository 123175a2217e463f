--- `:Tandem`, the status line and `:checkhealth tandem` in a real Neovim.
--- `nvim -l tests/editors/plugin_commands.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local typist = require('plugin_typist')

local INDENT, TYPED, REST = typist.INDENT, typist.TYPED, typist.REST
local suggest = typist.suggest

local editor = typist.start('commands')

check.case('it attaches', function()
  editor:open('orders.py')
end)

check.case('the status line has state and latency, and is told when they change', function()
  suggest()
  check.wait('the latency', function()
    return editor:lua([[return require('tandem').statusline()]]):match('^tandem: lookup · [%d.]+ ms')
  end, function()
    return editor:lua([[return require('tandem').statusline()]])
  end)
  editor:type('<Esc>:Tandem pause 30<CR>')
  check.wait('the pause in it', function()
    return editor:lua([[return require('tandem').statusline()]]):find('paused', 1, true)
  end)
  check.equal(true, editor:lua('return _G.last_status.paused'), 'User TandemStatus')
  editor:type('Go<C-U>' .. INDENT .. TYPED)
  check.wait('the request to be answered', function()
    return editor:pending() == 0
  end)
  check.equal(nil, editor:ghost(), 'ghost text in a pause')
  editor:type('<Esc>:Tandem resume<CR>')
  check.wait('its end', function()
    return editor:lua([[return require('tandem').statusline()]]):find('lookup', 1, true)
  end)
end)

-- Outside of the workspace: a folder may not choose models, and Tandem refuses those that lie in it.
local MODEL = scratch.write(editor.environment.HOME .. '/some.gguf', '')

check.case(':Tandem completes its subcommands and their arguments', function()
  local function completed(line)
    return editor:lua([[return vim.fn.getcompletion(..., 'cmdline')]], line)
  end
  check.equal({ 'pause', 'preview' }, completed('Tandem p'), 'subcommands')
  check.equal({ 'high' }, completed('Tandem eagerness h'), 'words')
  check.equal({ '10', '30', '60' }, completed('Tandem pause '), 'minutes')
  check.equal({ MODEL }, completed('Tandem model ' .. MODEL:sub(1, -6)), 'models')
end)

check.case('what is wrong with a command is said', function()
  local function said(command)
    return editor:lua(
      [[
      local said = {}
      local notify = vim.notify
      vim.notify = function(message) table.insert(said, message) end
      vim.cmd(...)
      vim.notify = notify
      return table.concat(said, '\n')
    ]],
      command
    )
  end
  check.truthy(said('Tandem frobnicate'):find('there is no `frobnicate`', 1, true), 'an unknown one')
  check.truthy(said('Tandem pause soon'):find('no number of minutes', 1, true), 'a length')
  check.truthy(said('Tandem eagerness huge'):find('no eagerness', 1, true), 'an eagerness')
  check.truthy(said('Tandem model nowhere.gguf'):find('there is no file', 1, true), 'a model')
  check.truthy(said('1,2Tandem status'):find('takes no range', 1, true), 'a range')
  check.truthy(said('Tandem answer'):find('no answer yet', 1, true), 'no answer')
end)

local function view()
  local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
  editor:type('q')
  return text
end

--- Waits until a command has opened a window with `words` in it, and closes it.
local function shows(command, words)
  editor:type(':' .. command .. '<CR>')
  check.wait(command .. ' to show ' .. words, function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find(words, 1, true)
  end, function()
    return editor:lua([[return vim.api.nvim_buf_get_lines(0, 0, -1, false)]])
  end)
  return view()
end

check.case('status, model and why are shown and closed by q', function()
  local count = editor:lua('return #vim.api.nvim_list_wins()')
  check.truthy(shows('Tandem status', 'Last answer'):find('by lookup', 1, true), 'who answered')
  shows('Tandem model', 'lookup alone')
  suggest()
  editor:type('<Esc>A')
  editor:wait_for_ghost()
  editor:type('<Esc>a')
  editor:wait_for_ghost()
  editor:lua([[vim.cmd('Tandem why')]])
  check.wait('the account', function()
    return editor:lua('return vim.bo.filetype') == 'markdown'
  end)
  editor:type('<Esc>')
  local why = view()
  check.truthy(why:find('# Shown', 1, true) and why:find(REST, 1, true), why)
  check.wait('all of it to be closed', function()
    return editor:lua('return #vim.api.nvim_list_wins()') == count
  end)
  editor:lua([[vim.cmd('Tandem log')]])
  check.truthy(editor:lua('return vim.api.nvim_buf_get_name(0)'):find('lsp.log', 1, true), 'the log')
  editor:type(':bwipeout!<CR>')
end)

check.case('another model is asked for, and taken back', function()
  local function wanted()
    return editor:lua([[
      local client = vim.lsp.get_clients({ name = 'tandem' })[1]
      return vim.tbl_get(client.settings, 'tandem', 'engine', 'model') or false
    ]])
  end
  editor:type(':Tandem model ' .. MODEL .. '<CR>')
  check.wait('the setting', function()
    return wanted() == MODEL
  end, wanted)
  editor:type(':Tandem model default<CR>')
  check.wait('the setting to go', function()
    return wanted() == false
  end)
end)

check.case(':checkhealth tandem finds everything', function()
  editor:open('orders.py')
  editor:type(':checkhealth tandem<CR>')
  local text = check.wait('the report', function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find('<M-n>', 1, true) and text
  end)
  for _, words in ipairs({
    '0.12',
    'tandem 0.',
    'attached to',
    'lookup needs no model',
    ' files',
    'nobody else',
    'accept: <Tab>',
  }) do
    check.truthy(text:find(words, 1, true), words .. ' is not in ' .. text)
  end
  check.truthy(not text:find('ERROR', 1, true) and not text:find('WARNING', 1, true), text)
  editor:type(':bwipeout!<CR>')
end)

check.case('quitting Neovim ends the server', function()
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.finish()
