--- How the plugin is installed and started, and what it says where it cannot be: packages, `vim.pack`, loaded late as
--- lazy.nvim does it, `vim.lsp.enable` alone, no program, an old Neovim, a server that is killed, several folders.
--- `nvim -l tests/editors/plugin_start.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = '100' }
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

--- Takes a suggestion by word and by Tab, which only works with the plugin, and quits. `has_failed_before`: Neovim has
--- noted errors.
local function works(editor, has_failed_before)
  editor:open('orders.py')
  editor:type('Go<C-U>        ' .. TYPED)
  check.equal(REST, editor:wait_for_ghost().text, 'the suggestion')
  editor:enter('<M-Right><Tab>', '        ' .. TYPED .. REST)
  check.truthy(editor:lua([[return vim.fn.exists(':Tandem') == 2]]), ':Tandem')
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  if not has_failed_before then
    editor:check_log()
  end
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end

check.case('in pack/*/start, with vim.lsp.enable alone', function()
  works(Neovim.with_plugin('start-native', LOOKUP, "vim.lsp.enable('tandem')"))
end)

check.case('with the file on the command line, which is open before the plugin starts anything', function()
  local editor = Neovim.with_plugin('start-argument', LOOKUP, "require('tandem').setup({})", { 'orders.py' })
  check.wait('the server', function()
    return editor:lua([[return #vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })]]) == 1
  end)
  check.truthy(editor:lua('return vim.api.nvim_buf_get_name(0)'):find('orders.py', 1, true), 'the file')
  works(editor)
end)

check.case('in pack/*/opt, by packadd', function()
  local init = "vim.cmd.packadd('tandem') require('tandem').setup({})"
  works(Neovim.with_init('start-opt', LOOKUP, init, function(environment)
    scratch.copy_plugin(environment.XDG_DATA_HOME .. '/nvim/site/pack/any/opt/tandem')
  end))
end)

check.case('by vim.pack, from a repository', function()
  if vim.fn.executable('git') == 0 then
    check.note('SKIPPED vim.pack: no git')
    return
  end
  local repository = scratch.copy_plugin(scratch.directory .. '/tandem.nvim')
  local function git(...)
    local command = { 'git', '-C', repository, '-c', 'user.name=n', '-c', 'user.email=n@localhost', ... }
    local ended = vim.system(command, { text = true }):wait()
    check.equal(0, ended.code, table.concat(command, ' ') .. ': ' .. ended.stderr)
  end
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'The plugin')
  local init = ([[
    vim.pack.add({ { src = 'file://%s', name = 'tandem' } }, { confirm = false })
    require('tandem').setup({})
  ]]):format(repository)
  works(Neovim.with_init('start-pack', LOOKUP, init))
end)

check.case('loaded late, as lazy.nvim does it: after the start, with a file open', function()
  local plugin = scratch.copy_plugin(scratch.directory .. '/lazy/tandem')
  local editor = Neovim.with_init('start-lazy', LOOKUP, '')
  editor:type(':edit orders.py<CR>')
  check.wait('the file', function()
    return editor:lua([[return vim.bo.filetype]]) == 'python'
  end)
  -- Its loader puts the folder into 'runtimepath', sources plugin/ and calls setup with the options.
  editor:lua(
    [[
    vim.opt.runtimepath:prepend(...)
    vim.cmd.source(... .. '/plugin/tandem.lua')
    require('tandem').setup({})
  ]],
    plugin
  )
  check.wait('the server', function()
    return editor:lua([[return #vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })]]) == 1
  end)
  works(editor)
end)

check.case('without plugin/ being sourced, setup does it', function()
  local editor = Neovim.with_plugin('start-noplugin', LOOKUP, "vim.o.loadplugins = false require('tandem').setup({})")
  check.equal(true, editor:lua('return vim.g.loaded_tandem'))
  works(editor)
end)

check.case('options that do not fit are said, in a sentence each, and the rest works', function()
  local editor = Neovim.with_plugin(
    'start-options',
    LOOKUP,
    [[
    _G.notes = {}
    vim.notify = function(message) table.insert(_G.notes, message) end
    require('tandem').setup({ ghost_txt = {}, keys = { accept = 3 } })
  ]]
  )
  check.equal({
    'tandem.setup:\n  there is no option `ghost_txt`, do you mean `ghost_text`?\n'
      .. '  `keys.accept` must be a key such as "<Tab>", or false, and is 3',
  }, editor:lua('return _G.notes'))
  works(editor)
end)

check.case('without the program there is one message with the way out, and typing is typing', function()
  local editor = Neovim.with_plugin(
    'start-missing',
    LOOKUP,
    [[
    _G.notes = {}
    vim.notify = function(message) table.insert(_G.notes, message) end
    require('tandem').setup({ cmd = { 'tandem-that-is-nowhere', 'serve' } })
  ]]
  )
  editor:type(':edit orders.py<CR>')
  check.wait('the message', function()
    return #editor:lua('return _G.notes') > 0
  end)
  scratch.write(editor.workspace .. '/other.py', 'x = 1\n')
  editor:type(':edit other.py<CR>:edit orders.py<CR>')
  editor:enter('Go<C-U>abc<Tab>', 'abc ')
  editor:type('<Esc>')
  local notes = editor:lua('return _G.notes')
  check.equal(1, #notes, vim.inspect(notes))
  check.truthy(notes[1]:find('there is no program `tandem-that-is-nowhere`', 1, true), notes[1])
  check.truthy(notes[1]:find('make install', 1, true) and not notes[1]:find('stack traceback', 1, true), notes[1])
  editor:type(':checkhealth tandem<CR>')
  check.wait('the same there', function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find('there is no program', 1, true) and text:find('no server runs', 1, true)
  end)
  editor:type(':bwipeout!<CR>:Tandem ask what<CR>')
  check.wait('a word about it', function()
    return vim.iter(editor:lua('return _G.notes')):any(function(note)
      return note:find('not attached', 1, true)
    end)
  end)
  -- Installed meanwhile.
  editor:lua([[vim.lsp.config('tandem', { cmd = { 'tandem', 'serve' } })]])
  editor:type(':edit! orders.py<CR>:Tandem restart<CR>')
  works(editor, true)
end)

check.case('a program that is none ends in words and not in a loop', function()
  local broken = scratch.write(scratch.directory .. '/broken', '#!/bin/sh\nexit 3\n')
  vim.uv.fs_chmod(broken, tonumber('755', 8))
  local editor = Neovim.with_plugin(
    'start-broken',
    LOOKUP,
    ([[
    _G.notes = {}
    vim.notify = function(message) table.insert(_G.notes, message) end
    local defer = vim.defer_fn
    vim.defer_fn = function(act, ms) return defer(act, math.min(ms, 50)) end
    require('tandem').setup({ cmd = { '%s' }, restart = 2 })
  ]]):format(broken)
  )
  editor:type(':edit orders.py<CR>')
  check.wait('the last word', function()
    return vim.iter(editor:lua('return _G.notes')):any(function(note)
      return note:find('ended by itself 3 times', 1, true)
    end)
  end, function()
    return editor:lua('return _G.notes')
  end)
  editor:quit()
end)

check.case('an older Neovim is told so once, without a trace', function()
  local editor = Neovim.with_plugin(
    'start-old',
    LOOKUP,
    [[
    _G.notes = {}
    vim.notify = function(message) table.insert(_G.notes, message) end
    local has = vim.fn.has
    vim.fn.has = function(feature) return feature == 'nvim-0.12' and 0 or has(feature) end
    require('tandem').setup({})
    require('tandem').setup({})
  ]]
  )
  editor:type(':edit orders.py<CR>:Tandem status<CR>:Tandem ask x<CR>')
  editor:enter('ggO# typed', '# typed')
  local notes = editor:lua('return _G.notes')
  check.equal(1, #notes, vim.inspect(notes))
  check.truthy(notes[1]:find('Tandem needs Neovim 0.12 or newer', 1, true), notes[1])
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  check.equal({}, scratch.processes(editor.environment), 'servers')
  editor:type('<Esc>:checkhealth tandem<CR>')
  check.wait('the same there', function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find('this Neovim is too old', 1, true)
  end)
  editor:type('<Esc>')
  editor:quit()
end)

check.case('a server that is killed is started again, and has the text', function()
  local editor = Neovim.with_plugin('start-killed', LOOKUP, "require('tandem').setup({})")
  editor:open('orders.py')
  editor:type('ggO# not written<Esc>')
  local before = next(scratch.processes(editor.environment))
  vim.uv.kill(before, 'sigkill')
  check.wait('another process', function()
    local now = next(scratch.processes(editor.environment))
    return now and now ~= before
  end)
  editor:open('orders.py')
  editor:check_agreement()
  editor:type('Go<C-U>        ' .. TYPED)
  editor:wait_for_ghost()
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  editor:type('<Esc>:Tandem restart<CR>')
  check.wait('a third one', function()
    local now = scratch.processes(editor.environment)
    return vim.tbl_count(now) == 1 and not now[before]
  end)
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.case('two folders have a server each; what is no file has none', function()
  -- As a setting of the editor, in whose place `:Tandem eagerness` stands; a variable would count more.
  local init = "require('tandem').setup({ settings = { completion = { eagerness = 100 } } })"
  local editor = Neovim.with_plugin('start-roots', { TANDEM_ENGINE_CHOICE = 'lookup' }, init)
  local other = editor.environment.HOME .. '/other'
  vim.fn.mkdir(other .. '/.git', 'p')
  scratch.write(other .. '/orders.py', scratch.read(editor.workspace .. '/orders.py'))
  editor:open('orders.py')
  editor:open(other .. '/orders.py')
  local roots = editor:lua(
    [[return vim.tbl_map(function(client) return client.root_dir end, vim.lsp.get_clients({ name = 'tandem' }))]]
  )
  table.sort(roots)
  local expected = { editor.workspace, other }
  table.sort(expected)
  check.equal(expected, roots, 'folders')
  editor:type('Go<C-U>        ' .. TYPED)
  editor:wait_for_ghost()
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  editor:check_agreement()
  local function paused()
    return editor:lua([[
      return vim.tbl_map(function(client)
        return client:request_sync('tandem/status', nil, 10000).result.paused == true
      end, vim.lsp.get_clients({ name = 'tandem' }))
    ]])
  end
  for _, step in ipairs({ { 'pause', true }, { 'resume', false }, { 'toggle', true }, { 'toggle', false } }) do
    editor:type('<Esc>:Tandem ' .. step[1] .. '<CR>')
    check.wait(step[1] .. ' of both', function()
      return vim.deep_equal({ step[2], step[2] }, paused())
    end, paused)
  end
  editor:type(':Tandem eagerness low<CR>')
  check.wait('the eagerness of both', function()
    return editor:lua([[
      return vim.iter(vim.lsp.get_clients({ name = 'tandem' })):all(function(client)
        return vim.inspect(client:request_sync('tandem/status', nil, 10000).result.eagerness):find('low', 1, true) ~= nil
      end)
    ]])
  end, function()
    return editor:lua(
      [[return vim.lsp.get_clients({ name = 'tandem' })[1]:request_sync('tandem/status', nil, 10000).result]]
    )
  end)
  editor:type('<Esc>:enew!<CR>')
  editor:lua([[
    vim.api.nvim_buf_set_name(0, 'oil:///somewhere')
    vim.bo.filetype = 'python'
    vim.cmd.new()
    vim.bo.buftype = 'nofile'
    vim.bo.filetype = 'python'
  ]])
  for _, buffer in ipairs(editor:lua('return vim.api.nvim_list_bufs()')) do
    local name = editor:lua('return vim.api.nvim_buf_get_name(...)', buffer)
    local count = editor:lua([[return #vim.lsp.get_clients({ bufnr = ..., name = 'tandem' })]], buffer)
    check.equal(vim.endswith(name, 'orders.py') and 1 or 0, count, 'servers of ' .. name)
  end
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.finish()
