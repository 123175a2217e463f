--- The plugin in a real Neovim, loaded from a package directory: ghost text, its keys, and everything that a key must
--- leave alone. `nvim -l tests/editors/plugin.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local typist = require('plugin_typist')

local INDENT, TYPED, REST, ORDERS = typist.INDENT, typist.TYPED, typist.REST, typist.ORDERS
local new_line, suggest = typist.new_line, typist.suggest

local editor = typist.start('plugin')

check.case('it attaches and says so', function()
  editor:open('orders.py')
  check.equal(1, editor:lua('return _G.events.TandemAttach'), 'User TandemAttach')
end)

check.case('Tab accepts, also in the same breath as typing along and typing on', function()
  check.equal(REST, suggest().text, 'the suggestion')
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  check.equal(nil, editor:ghost(), 'ghost text after accepting')
  suggest()
  editor:enter('ord(sel<Tab>  # x', INDENT .. TYPED .. REST .. '  # x')
  editor:check_agreement()
end)

check.case('a word, words, a line: what is left stays on the screen', function()
  suggest()
  editor:enter('<M-Right>', INDENT .. TYPED .. 'ord')
  check.equal('(self.order_id, self.customer, self.status)', editor:ghost().text, 'at once')
  editor:enter('<M-Right><M-Right>', INDENT .. TYPED .. 'ord(self')
  check.equal('.order_id, self.customer, self.status)', editor:ghost().text, 'after three')
  editor:enter('<M-Down>', INDENT .. TYPED .. REST)
  editor:check_agreement()
end)

check.case('undo takes back what was accepted, then what was typed', function()
  suggest()
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  editor:enter('<Esc>u', INDENT .. TYPED)
  editor:enter('<C-R>', INDENT .. TYPED .. REST)
  editor:check_agreement()
end)

check.case('dot repeats what was typed with what was accepted', function()
  suggest()
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  editor:type('<Esc>ox = self.audit.rec')
  editor:wait_for_ghost()
  editor:enter('<Tab>', '\tx = ' .. TYPED .. REST)
  local before = editor:lua('return vim.api.nvim_buf_line_count(0)')
  editor:type('<Esc>.')
  check.wait('the line once more', function()
    local line = editor:line()
    return editor:lua('return vim.api.nvim_buf_line_count(0)') == before + 1 and line == '\tx = ' .. TYPED .. REST
  end, function()
    return editor:line()
  end)
  editor:check_agreement()
end)

check.case('typing something else takes the text away before any answer', function()
  suggest()
  editor:enter('z', INDENT .. TYPED .. 'z')
  check.equal(nil, editor:ghost(), 'ghost text that does not go along')
  editor:enter('<Tab>', INDENT .. TYPED .. 'z\t')
end)

check.case('candidates are asked for, shown in turn, and the one that is shown is taken', function()
  suggest()
  editor:type('<M-n>')
  local ghost = check.wait('a candidate with its number', function()
    local ghost = editor:ghost()
    return ghost and ghost.text:find('%(%d/%d%)$') and ghost
  end, function()
    return editor:ghost()
  end)
  local wanted = ghost.text:gsub(' %(%d/%d%)$', '')
  editor:type('<M-p>')
  check.wait('another number', function()
    local other = editor:ghost()
    return other and (other.text ~= ghost.text or ghost.text:find('(1/1)', 1, true))
  end)
  editor:type('<M-n>')
  check.wait('the first one again', function()
    local again = editor:ghost()
    return again and again.text == ghost.text
  end)
  editor:type('<Tab>')
  check.wait('it in the buffer', function()
    return editor:text():find(TYPED .. wanted, 1, true)
  end)
end)

check.case('dismissed is gone, and a key asks again', function()
  suggest()
  editor:type('<C-]>')
  editor:wait_for_no_ghost()
  editor:type([[<M-\>]])
  check.equal(REST, editor:wait_for_ghost().text:gsub(' %(%d/%d%)$', ''), 'asked by key')
  editor:type('<Esc>')
end)

check.case('text of many bytes before the cursor moves nothing', function()
  for _, before in ipairs({ 'größe = ', '東京 = ', 'x = "🦀👩‍👩‍👧" and ', 'e\204\129 = ' }) do
    suggest(before)
    editor:enter('o', INDENT .. before .. TYPED .. 'o')
    editor:enter('<M-Right>', INDENT .. before .. TYPED .. 'ord')
    editor:enter('<Tab>', INDENT .. before .. TYPED .. REST)
    editor:check_agreement()
  end
end)

check.case('lines that end in CR LF keep their ends', function()
  editor:type('<Esc>')
  editor:set_text(ORDERS)
  scratch.write(editor.workspace .. '/dos.py', (ORDERS:gsub('\n', '\r\n')))
  editor:open('dos.py')
  editor:type('Go<C-U>' .. INDENT .. TYPED)
  check.equal(REST, editor:wait_for_ghost().text, 'the suggestion')
  editor:enter('<M-Right><Tab>', INDENT .. TYPED .. REST)
  editor:check_agreement()
  editor:type('<Esc>:bwipeout!<CR>')
  editor:open('orders.py')
end)

check.case('two windows on a buffer: the text goes in where the cursor is', function()
  suggest()
  editor:type('<Esc>:split<CR>')
  editor:type('gg<C-W>wGo<C-U>' .. INDENT .. '# other<CR><C-U>' .. INDENT .. TYPED)
  editor:wait_for_ghost()
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  check.equal(
    1,
    editor:lua('return vim.api.nvim_win_get_cursor(vim.fn.win_getid(vim.fn.winnr("#")))[1]'),
    'the other cursor'
  )
  editor:check_agreement()
  editor:type('<Esc>:only<CR>')
end)

check.case('a buffer without a name is completed, too', function()
  editor:type('<Esc>:enew!<CR>:set filetype=python<CR>')
  check.wait('the server', function()
    return editor:lua([[return #vim.lsp.get_clients({ bufnr = 0, name = 'tandem' }) == 1]])
  end)
  editor:set_text(ORDERS)
  editor:type('Go<C-U>' .. INDENT .. TYPED)
  check.equal(REST, editor:wait_for_ghost().text, 'the suggestion')
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  editor:check_agreement()
  editor:type('<Esc>')
end)

check.case('a buffer that was never written, and a name that it gets later', function()
  editor:type(':edit! new.py<CR>')
  editor:open('new.py')
  editor:set_text(ORDERS)
  editor:type('Go<C-U>' .. INDENT .. TYPED)
  editor:wait_for_ghost()
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
  editor:type('<Esc>:write<CR>')
  check.wait('the file', function()
    return vim.uv.fs_stat(editor.workspace .. '/new.py')
  end)
  editor:check_agreement()
  editor:type(':bwipeout!<CR>')
  vim.uv.fs_unlink(editor.workspace .. '/new.py')
  editor:open('orders.py')
end)

--- Of Neovim: what a key does that Tandem leaves to others.
check.case('a mapping of the user gets the key when nothing is shown', function()
  editor:lua([[
    _G.pressed = 0
    vim.keymap.set('i', '<Tab>', function() _G.pressed = _G.pressed + 1 return 'T' end, { expr = true })
  ]])
  new_line()
  editor:enter('a<Tab>b', INDENT .. 'aTb')
  check.equal(1, editor:lua('return _G.pressed'), 'how often it ran')
  editor:lua([[vim.keymap.set('i', '<Tab>', 'abc<Left>')]])
  editor:enter('<Tab>!', INDENT .. 'aTbab!c')
  editor:lua(
    [[vim.keymap.set('i', '<Tab>', '<Plug>(mine)', { remap = true }) vim.keymap.set('i', '<Plug>(mine)', 'MINE')]]
  )
  editor:type('<Esc>')
  new_line()
  editor:enter('<Tab>', INDENT .. 'MINE')
  editor:lua([[vim.cmd('inoremap <expr> <Tab> nr2char(233)')]])
  editor:enter('<Tab>', INDENT .. 'MINEé')
  editor:lua([[vim.cmd('imap <Tab> <Tab>x')]])
  editor:enter('<Tab>', INDENT .. 'MINEé\tx')
  editor:lua([[vim.keymap.del('i', '<Tab>') vim.fn.mapset(_G.tab)]])
  editor:enter('<Tab>', INDENT .. 'MINEé\tx\t')
  suggest()
  editor:enter('<Tab>', INDENT .. TYPED .. REST)
end)

check.case('while a completion menu is open, Tab belongs to it', function()
  new_line()
  editor:lua([[
    vim.o.completeopt = 'menu,menuone,noselect'
    vim.keymap.set('i', '<Tab>', function()
      return vim.fn.pumvisible() == 1 and '<C-N>' or '<Tab>'
    end, { expr = true })
  ]])
  editor:type(TYPED)
  editor:wait_for_ghost()
  editor:type('<C-X><C-N>')
  check.wait('the menu', function()
    return editor:lua('return vim.fn.pumvisible()') == 1
  end)
  editor:type('<Tab>')
  check.wait('its first entry to be selected', function()
    return editor:lua([[return vim.fn.complete_info({ 'selected' }).selected]]) == 0
  end)
  check.truthy(not editor:line():find(REST, 1, true), 'the suggestion was accepted: ' .. editor:line())
  editor:type('<C-E><Esc>')
  editor:lua([[vim.keymap.del('i', '<Tab>') vim.fn.mapset(_G.tab)]])
end)

--- Fills a snippet of two places by Tab.
local function fill_snippet(expected)
  editor:lua([[vim.snippet.expand('run(${1:one}, ${2:two})')]])
  local function wait_for_selection(word)
    check.wait(word .. ' to be selected', function()
      local selected = editor:lua([[
        return vim.api.nvim_get_mode().mode == 's' and vim.fn.getregion(vim.fn.getpos('v'), vim.fn.getpos('.'))[1]
      ]])
      return selected == word
    end)
  end
  wait_for_selection('one')
  editor:type('1<Tab>')
  wait_for_selection('two')
  editor:enter('2', expected)
  editor:type('<Esc>')
  editor:lua('vim.snippet.stop()')
end

check.case('in a snippet Tab jumps while nothing is shown', function()
  new_line()
  fill_snippet(INDENT .. 'run(1, 2)')
end)

check.case('a macro records and plays what was typed, whatever is suggested', function()
  new_line()
  editor:type('<Esc>qaA' .. TYPED)
  check.wait('the request to be answered or never made', function()
    return editor:pending() == 0
  end)
  check.equal(nil, editor:ghost(), 'ghost text while a macro is recorded')
  editor:type('<Tab>!<Esc>q')
  check.wait('the end of the macro', function()
    return editor:lua('return vim.fn.reg_recording()') == ''
  end)
  check.equal(INDENT .. TYPED .. '\t!', editor:line(), 'what was typed')
  editor:type('o<C-U><Esc>@a')
  check.wait('the same once more', function()
    return editor:line() == TYPED .. '\t!'
  end, function()
    return editor:line()
  end)
  editor:check_agreement()
end)

check.case('in Replace mode nothing is shown, and Tab replaces', function()
  new_line()
  editor:type(TYPED .. 'xyz<Esc>')
  editor:type('0fxR')
  editor:enter('ord', INDENT .. TYPED .. 'ord')
  check.wait('requests to be answered', function()
    return editor:pending() == 0
  end)
  check.equal(nil, editor:ghost(), 'ghost text in Replace mode')
  editor:enter('<Tab>', INDENT .. TYPED .. 'ord\t')
  editor:type('<Esc>')
end)

check.case('Neovim hides its inside: keys still insert the right text', function()
  editor:lua([[_G.capability = package.loaded['vim.lsp._capability'] package.loaded['vim.lsp._capability'] = {}]])
  suggest()
  editor:enter('ord<M-Right>', INDENT .. TYPED .. 'ord(')
  check.equal(
    'self.order_id, self.customer, self.status)',
    editor:wait_for_ghost().text,
    'the rest, by the next answer'
  )
  editor:enter('self<Tab>', INDENT .. TYPED .. REST)
  editor:lua([[package.loaded['vim.lsp._capability'] = _G.capability]])
  editor:check_agreement()
  editor:type('<Esc>')
end)

check.case('a big file is typed in and left alone', function()
  local line = 'value = compute(value, value, value)\n'
  scratch.write(editor.workspace .. '/big.py', line:rep(5 * 1024 * 1024 / #line))
  editor:open('big.py')
  editor:type('Go')
  editor:enter('value = com', 'value = com')
  check.wait('the request to be answered', function()
    return editor:pending() == 0
  end)
  check.equal(nil, editor:ghost(), 'ghost text beyond completion.maxDocumentBytes')
  editor:enter('<Tab>', 'value = com\t')
  editor:type('<Esc>:bwipeout!<CR>')
end)

check.case('detached, the keys are what they were', function()
  editor:open('orders.py')
  editor:lua([[
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
    vim.lsp.buf_detach_client(0, client.id)
  ]])
  check.equal({}, editor:lua([[return vim.fn.maparg('<M-n>', 'i', false, true)]]), 'a key of the plugin')
  editor:lua([[
    vim.keymap.set('i', '<M-n>', 'mine', { buffer = 0 })
    vim.cmd.edit({ bang = true })
  ]])
  editor:open('orders.py')
  check.truthy(editor:lua([[return vim.fn.maparg('<M-n>', 'i', false, true).desc]]):find('Tandem', 1, true), 'attached')
  editor:lua([[vim.lsp.enable('tandem', false)]])
  scratch.wait_until_gone(editor.environment)
  check.wait('the mapping of the buffer to be back', function()
    return editor:lua([[return vim.fn.maparg('<M-n>', 'i')]]) == 'mine'
  end)
  check.truthy(editor:lua('return _G.events.TandemDetach') >= 1, 'User TandemDetach')
end)

check.case('nothing was said that is not to be said', function()
  local messages = editor:lua([[return vim.api.nvim_exec2('messages', { output = true }).output]])
  for line in vim.gsplit(messages, '\n') do
    -- What Neovim itself says of undoing, writing and deleting lines.
    local is_usual = line == '' or line:find(' ago$') or line:find('^%d+ %l+ lines') or line:find('written$')
    local is_of_big_file = line:find('redrawtime', 1, true)
    check.truthy(is_usual or is_of_big_file or vim.startswith(line, '"'), line)
  end
  editor:check_log()
end)

check.case('quitting Neovim ends the server', function()
  editor:lua([[vim.lsp.enable('tandem')]])
  editor:open('orders.py')
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.finish()
