--- An unmodified Neovim with the configuration of editors/neovim/README.md shows suggestions and accepts them.
--- `nvim -l tests/editors/nvim.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local Neovim = require('neovim')

--- Lookup alone: the same text on every machine.
local LOOKUP = { TANDEM_ENGINE_CHOICE = 'lookup' }

--- A line that stands four times in orders.py, cut where the suggestion is to begin.
local TYPED, REST = 'self.audit.rec', 'ord(self.order_id, self.customer, self.status)'

local editor = Neovim.start('neovim', LOOKUP)

--- Below the last line of the file, at the indentation of a method's body.
local function new_line()
  editor:type('<Esc>:edit!<CR>Go<Esc>S')
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
  editor:type('<Esc>:enew!<CR>')
  editor:enter('i<Tab>', '\t')
  editor:type('<Esc>:edit! orders.py<CR>')
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

check.case('in a source file of this repository a line is continued', function()
  local source = scratch.read(scratch.repository .. '/src/text/position.rs')
  scratch.write(editor.workspace .. '/position.rs', source)
  -- Any line of code that is long enough will do: written again below itself it can be told from its beginning.
  local line, number = nil, 0
  for candidate in vim.gsplit(source, '\n', { plain = true }) do
    number = number + 1
    if #candidate > 50 and #candidate < 90 and candidate:match('^    +%l[%w_]+%b();?$|^    +let .+;$') then
      line = candidate
      break
    end
    if #candidate > 50 and #candidate < 90 and candidate:match('^    +let .+;$') then
      line = candidate
      break
    end
  end
  check.truthy(line, 'position.rs has no such line any more; choose another file')
  editor:open('position.rs')
  editor:type(('<Esc>%dGo<Esc>S'):format(number))
  local head = line:sub(1, 40)
  -- Without the file type's indentation, which is not what is tested.
  editor:type('<C-U>' .. head:gsub('<', '<lt>'))
  check.equal(line:sub(41), editor:wait_for_ghost().text, 'the rest of ' .. line)
  editor:enter('<Tab>', line)
  editor:check_agreement()
end)

check.case('after any edits the server has the text of the buffer', function()
  editor:open('orders.py')
  local edits = {
    'dd', 'p', 'yyP', 'J', 'xp', '~~', 'ia🦀é<Esc>', 'u', '<C-R>', '>>', '<lt><lt>', 'cwföö<Esc>', 'Gdd', 'ggO日本<Esc>',
    'A<CR>x<CR><Esc>', ':%s/self/sélf/ge<CR>', ':%s/sélf/self/ge<CR>', 'ggdG', 'uG', '10G', '3j', '2k', 'w', '$', 'D',
    ':set noeol nofixeol<CR>', ':set eol<CR>', ':1,3m$<CR>', 'gg=G', 'vjd', 'O<Tab>y<Esc>', 'yiw', 'P',
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
  editor:type(':edit! orders.py<CR>')
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

check.case('Neovim had no error to note', function()
  for line in vim.gsplit(editor:log(), '\n', { plain = true }) do
    check.truthy(not line:match('^%[ERROR%]'), line)
  end
end)

check.finish()
