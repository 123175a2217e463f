--- An unmodified Neovim with the configuration of editors/neovim/README.md shows suggestions and accepts them.
--- `nvim -l tests/editors/nvim.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

--- Lookup alone, and shown when in doubt: the same text on every machine, however well the gate is calibrated.
local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup', TANDEM_COMPLETION_EAGERNESS = 'high' }

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

local ORDERS = scratch.read(scratch.repository .. '/tests/editors/workspace/orders.py')

local editor = Neovim.start('neovim', LOOKUP)

--- Undoes what earlier cases did to orders.py and goes below its last line, to the indentation of a method's body.
local function new_line()
  editor:type('<Esc>')
  editor:set_text(ORDERS)
  editor:type('Go<C-U>')
  editor:enter('        ', '        ')
end

local function requests_of_type(type)
  return editor:lua(
    [[
    local count = 0
    for _, fate in ipairs(_G.fates) do
      if fate.method == 'textDocument/inlineCompletion' and fate.type == ... then count = count + 1 end
    end
    return count
  ]],
    type
  )
end

check.case('Neovim attaches, and the server offers inline completion and no menu', function()
  editor:open('orders.py')
  local offers = editor:lua([[
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
    local offers = client.server_capabilities
    return { inline = offers.inlineCompletionProvider, menu = offers.completionProvider, encoding = client.offset_encoding }
  ]])
  check.truthy(offers.inline, 'no inlineCompletionProvider')
  check.equal(nil, offers.menu, 'completionProvider beside inlineCompletionProvider')
  check.equal('utf-8', offers.encoding, 'the position encoding')
  check.truthy(not vim.tbl_isempty(scratch.processes(editor.environment)), 'the server is not among the processes')
end)

check.case('ghost text appears where typing stops', function()
  new_line()
  editor:type(TYPED)
  local ghost = editor:wait_for_ghost()
  check.equal(REST, ghost.text, 'the suggestion')
  check.equal('inline', ghost.position, 'how it is drawn')
  check.equal('        ' .. TYPED, editor:line(), 'the buffer before accepting')
end)

check.case('Tab inserts exactly it', function()
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  check.equal(nil, editor:ghost(), 'ghost text after accepting')
  editor:enter('  # done', '        ' .. TYPED .. REST .. '  # done')
  editor:check_agreement()
end)

check.case('without a suggestion Tab is a tab', function()
  editor:type('<Esc>:new<CR>')
  editor:enter('i<Tab>', '\t')
  editor:type('<Esc>:close!<CR>')
end)

check.case('typing along keeps the rest of the suggestion, from memory', function()
  new_line()
  editor:type(TYPED)
  editor:wait_for_ghost()
  for length = 1, 6 do
    local answered = requests_of_type('complete')
    editor:enter(REST:sub(length, length), '        ' .. TYPED .. REST:sub(1, length))
    check.equal(REST:sub(length + 1), check.truthy(editor:ghost(), 'the ghost text went').text, 'at once')
    check.wait('the answer to the key', function()
      return requests_of_type('complete') > answered and editor:pending() == 0
    end)
    check.equal(REST:sub(length + 1), check.truthy(editor:ghost(), 'the answer removed it').text, 'after the answer')
  end
  local shown = check.truthy(editor:why().decision.shown, 'why says that nothing was shown')
  check.equal(true, shown.fromMemory, 'from memory')
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  editor:check_agreement()
end)

check.case('accepting in the same breath as typing along inserts nothing twice', function()
  new_line()
  editor:type(TYPED)
  editor:wait_for_ghost()
  editor:enter('ord(sel<Tab>', '        ' .. TYPED .. REST)
  editor:check_agreement()
end)

check.case('typing something else removes the suggestion', function()
  new_line()
  editor:type(TYPED)
  editor:wait_for_ghost()
  editor:enter('zqxj', '        ' .. TYPED .. 'zqxj')
  check.wait('the ghost text to go', function()
    return editor:pending() == 0 and not editor:ghost()
  end, function()
    return { ghost = editor:ghost(), why = editor:why() }
  end)
end)

check.case('text of many bytes before the cursor moves nothing', function()
  for _, before in ipairs({ 'größe = ', '東京 = ', 'x = "🦀👩‍👩‍👧" and ', 'e\204\129 = ' }) do
    new_line()
    editor:type(before .. TYPED)
    check.equal(REST, editor:wait_for_ghost().text, 'after ' .. before)
    editor:enter('<Tab>', '        ' .. before .. TYPED .. REST)
    editor:check_agreement()
  end
end)

check.case('why tells the decision and the stages', function()
  new_line()
  editor:type(TYPED)
  editor:wait_for_ghost()
  local why = check.truthy(editor:why(), 'no answer')
  check.equal(REST, why.decision.shown.suggestions[1].text, 'the suggestion')
  check.equal('lookup', why.decision.shown.suggestions[1].source, 'who wrote it')
  check.truthy(#why.stages > 0, 'no stages')
end)

check.case('leaving insert mode takes the suggestion away for good', function()
  new_line()
  editor:type(TYPED)
  editor:wait_for_ghost()
  editor:type('<Esc>')
  editor:wait_for_no_ghost()
  editor:check_agreement()
end)

check.case('in a source file of this repository a list goes on', function()
  local source = scratch.read(scratch.repository .. '/src/config/keys.rs')
  scratch.write(editor.workspace .. '/keys.rs', source)
  editor:open('keys.rs')
  -- One more key before `log.filter`, as somebody would write it.
  editor:lua([[vim.fn.search('"log\\.filter",$', 'w')]])
  editor:type(
    'kO<C-U>    key(<CR><C-U>        "engine.seed",<CR><C-U>        integer(0, 9),<CR><C-U>        Tighten::N'
  )
  local ghost = editor:wait_for_ghost()
  check.equal('ever,', vim.split(ghost.text, '\n')[1], 'how the line goes on')
  editor:type('<Tab>')
  check.wait('it in the buffer', function()
    return editor:text():find('"engine.seed",\n        integer(0, 9),\n        Tighten::' .. 'N' .. ghost.text, 1, true)
  end, function()
    return editor:text()
  end)
  editor:check_agreement()
  editor:type('<Esc>')
end)

check.case('lines that end in CR LF keep their ends', function()
  -- A line that another document leaves unfinished would be taken for an example.
  editor:type('<Esc>')
  editor:open('orders.py')
  editor:set_text(ORDERS)
  scratch.write(editor.workspace .. '/dos.py', (ORDERS:gsub('\n', '\r\n')))
  editor:open('dos.py')
  editor:type('Go<C-U>        ' .. TYPED)
  check.equal(REST, editor:wait_for_ghost().text, 'the suggestion')
  editor:enter('<Tab>', '        ' .. TYPED .. REST)
  editor:check_agreement()
  editor:type('<Esc>')
end)

check.case('after any edits the server has the text of the buffer', function()
  editor:open('orders.py')
  local edits = {
    'dd',
    'p',
    'yyP',
    'J',
    'xp',
    '~~',
    'ia🦀é<Esc>',
    'u',
    '<C-R>',
    '>>',
    '<lt><lt>',
    'cwföö<Esc>',
    'Gdd',
    'ggO日本<Esc>',
    'A<CR>x<CR><Esc>',
    ':%s/self/sélf/ge<CR>',
    ':%s/sélf/self/ge<CR>',
    'ggdG',
    'uG',
    '10G',
    '3j',
    '2k',
    'w',
    '$',
    'D',
    ':1,3m$<CR>',
    'gg=G',
    'vjd',
    'O<Tab>y<Esc>',
    'yiw',
    'P',
  }
  -- Numerical Recipes' generator: the same edits in every run.
  local state = 20261121
  for step = 1, 150 do
    state = (state * 1664525 + 1013904223) % 4294967296
    local keys = edits[math.floor(state / 65536) % #edits + 1]
    editor:type(keys)
    local ok, message = pcall(editor.check_agreement, editor)
    check.truthy(ok, ('step %d, %s: %s'):format(step, keys, message))
  end
end)

check.case('stopping the client ends the server', function()
  editor:lua('vim.lsp.enable("tandem", false)')
  scratch.wait_until_gone(editor.environment)
end)

check.case('quitting Neovim ends the server', function()
  editor:lua('vim.lsp.enable("tandem")')
  editor:open('orders.py')
  check.truthy(not vim.tbl_isempty(scratch.processes(editor.environment)), 'the server did not start again')
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.case('what was accepted, typed and left is counted', function()
  local totals = check.truthy(scratch.totals(editor.environment), 'nothing is counted')
  -- One for each Tab above that took ghost text; Neovim runs the item's command, and the edit is seen as well.
  check.equal(9, totals.acceptedWhole, 'accepted')
  check.equal(totals.shown, totals.acceptedWhole + totals.rejected, 'the others were left')
  check.truthy(totals.rejected > 0, 'nothing counts as left')
end)

check.case('Neovim had no error to note', function()
  editor:check_log()
end)

--- Work starts so late here that every request is still waiting when the next thing happens. The setting comes from
--- `init.lua`, so this shows as well that those arrive.
local slow = Neovim.start(
  'neovim-slow',
  LOOKUP,
  [[
vim.lsp.config('tandem', { settings = { tandem = { completion = { debounceMs = 5000 } } } })
]]
)

check.case('leaving insert mode cancels the request that waits', function()
  slow:open('orders.py')
  slow:type('Go<C-U>' .. TYPED)
  check.wait('a request to wait', function()
    return slow:pending() == 1
  end)
  slow:type('<Esc>')
  check.wait('its end', function()
    return slow:pending() == 0
  end)
  check.truthy(slow:log():find('Received cancellation ack', 1, true), 'the request was answered as if not cancelled')
  check.equal(nil, slow:ghost(), 'ghost text')
end)

check.case('a newer request ends the older one at once', function()
  slow:type('a')
  local first = check.wait('a request to wait', function()
    return slow:newest_pending()
  end)
  slow:type('ord')
  check.wait('the newer one to wait alone', function()
    local newest = slow:newest_pending()
    return newest and newest > first and slow:pending() == 1
  end)
  check.equal(nil, slow:ghost(), 'ghost text for what is no longer so')
  slow:type('<Esc>')
  slow:check_agreement()
  slow:check_log()
end)

check.case('a killed Neovim leaves nothing behind', function()
  check.truthy(not vim.tbl_isempty(scratch.processes(slow.environment)), 'the server is not among the processes')
  vim.uv.kill(vim.fn.jobpid(slow.channel), 'sigkill')
  scratch.wait_until_gone(slow.environment)
end)

check.finish()
