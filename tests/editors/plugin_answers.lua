--- The plugin against a server that is played: questions, answers piece by piece, consent.
--- `nvim -l tests/editors/plugin_answers.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local play = require('plugin_server')

local text_of = play.text_of
local tell = play.tell
local sheet = play.sheet
local is_sheet = play.is_sheet
local screen = play.screen
local uri = play.uri
local marks = play.marks
local go_to = play.go_to
local place = play.place
local request = play.request
local replies = play.replies
local wait_for_reply = play.wait_for_reply
local is_asking = play.is_asking
local wait_until_asked = play.wait_until_asked
local CONSENT = play.CONSENT

local editor = play.start('answers')

local FOOTER = { answeredBy = 'anthropic m', isCloud = true, cost = '$0.12', thread = 't1' }

check.case(':Tandem ask sends words and the place, by range and by cursor', function()
  editor:open('orders.py')
  editor:lua('_G.sent = {}')
  editor:lua([[
    _G.input = 'by hand'
    vim.ui.input = function(options, act) _G.prompted = options.prompt act(_G.input) end
  ]])
  editor:type('gg05j')
  editor:type(':Tandem ask what is <lt>this>?<CR>')
  editor:type(':6,7Tandem ask and these<CR>')
  editor:type('ggVj<Plug>(tandem-ask)')
  editor:type(':lua _G.input = nil<CR>:Tandem ask<CR>')
  editor:type(':lua _G.input = "  "<CR>:Tandem ask<CR>')
  local asked = check.wait('the questions', function()
    local asked = editor:lua([[return _G.commands('tandem.ask')]])
    return #asked >= 3 and asked
  end, function()
    return editor:lua('return { _G.sent, _G.notes }')
  end)
  check.equal({
    question = 'what is <this>?',
    uri = uri('orders.py'),
    range = { start = { line = 5, character = 0 }, ['end'] = { line = 5, character = 0 } },
  }, asked[1][1], 'by cursor')
  check.equal(5, asked[2][1].range.start.line, 'first line of the range')
  check.equal(6, asked[2][1].range['end'].line, 'last line of the range')
  check.truthy(asked[2][1].range['end'].character > 0, 'the end of that line')
  check.equal('Ask: ', editor:lua('return _G.prompted'), 'the prompt')
  local words = vim.tbl_map(function(arguments)
    return arguments[1].question
  end, editor:lua([[return _G.commands('tandem.ask')]]))
  check.equal({ 'what is <this>?', 'and these', 'by hand' }, words, 'all questions')
  check.equal({ 0, 1 }, { asked[3][1].range.start.line, asked[3][1].range['end'].line }, 'the selected lines')
end)

check.case('in a buffer that no server has, a question is about the folder', function()
  editor:lua('_G.sent = {}')
  editor:type(':new | setlocal buftype=nofile<CR>')
  editor:type(':Tandem ask where is it<CR>')
  local asked = check.wait('the question', function()
    return editor:lua([[return _G.commands('tandem.ask')]])[1]
  end)
  check.equal({ question = 'where is it' }, asked[1])
  editor:type(':bwipeout!<CR>')
end)

check.case("a code action's question gets its words from the user", function()
  editor:lua([[
    _G.sent, _G.input = {}, 'why so'
    local client = vim.lsp.get_clients({ name = 'tandem' })[1]
    client:exec_cmd({ title = 'Ask', command = 'tandem.prompt', arguments = { { subject = 'file' } } }, { bufnr = 0 })
  ]])
  local asked = check.wait('the question', function()
    return editor:lua([[return _G.commands('tandem.ask')]])[1]
  end)
  check.equal({ question = 'why so', subject = 'file' }, asked[1])
end)

check.case('an answer grows beside the code, and the cursor stays', function()
  editor:open('orders.py')
  editor:type('gg')
  tell({ question = 1, event = 'begin', title = 'what does 100% of this do?', kind = 'ask' })
  local shown = check.wait('a window', function()
    local shown = sheet()
    return is_sheet(shown) and shown
  end)
  check.equal('markdown', shown.filetype)
  check.equal(
    { false, false, false, false },
    { shown.listed, shown.swap, shown.modifiable, shown.focused },
    'the buffer'
  )
  for _, is_cloud in ipairs({ true, false }) do
    local reason = 'Reason: ' .. tostring(is_cloud)
    tell({ question = 1, event = 'routed', isCloud = is_cloud, reason = reason })
    check.truthy(screen():find('… ' .. reason, 1, true), screen())
  end
  tell({ question = 1, event = 'progress', text = '20 tokens' })
  check.truthy(screen():find('… 20 tokens', 1, true), screen())
  tell({ question = 1, event = 'notice', text = 'one file was left out' })
  local first = '🦀 It pays: see `orders.py:27` and '
  tell({
    question = 1,
    event = 'text',
    text = first,
    citations = {
      {
        text = 'orders.py:27',
        at = first:find('orders', 1, true) - 1,
        isVerified = true,
        uri = uri('orders.py'),
        line = 27,
      },
    },
  })
  local second = 'nowhere.py:3.\n\nAlso größe, orders.py:31'
  tell({
    question = 1,
    event = 'text',
    text = second,
    citations = {
      { text = 'nowhere.py:3', at = 0, isVerified = false },
      {
        text = 'orders.py:31',
        at = second:find('orders', 1, true) - 1,
        isVerified = true,
        uri = uri('orders.py'),
        line = 31,
      },
    },
  })
  check.equal(
    '# what does 100% of this do?\n\n> one file was left out\n\n' .. first .. second,
    sheet().text,
    'the text so far'
  )
  check.truthy(screen():find('what does 100% of this do?', 1, true), 'the title')
  tell({ question = 1, event = 'done', text = '\n\n---\n\n* Answered by anthropic m: $0.12\n', footer = FOOTER })
  check.truthy(sheet().text:find('* Answered by anthropic m: $0.12', 1, true), sheet().text)
  check.truthy(not screen():find('20 tokens', 1, true), 'progress after the end')
  check.truthy(sheet().title:find('a asks on', 1, true), sheet().title)
  check.equal('orders.py', vim.fs.basename(editor:lua('return vim.api.nvim_buf_get_name(0)')), 'the focus')
end)

check.case('places are marked exactly: found ones and others', function()
  check.equal({
    { 'orders.py:27', 'TandemCitation' },
    { 'nowhere.py:3', 'TandemUnverified' },
    { 'orders.py:31', 'TandemCitation' },
  }, marks())
  -- Colours that every scheme has.
  check.equal('Underlined', editor:lua([[return vim.api.nvim_get_hl(0, { name = 'TandemCitation' }).link]]))
end)

check.case('Enter and gf open a place that was found, in the window of the code', function()
  go_to('orders.py:27')
  editor:type('<CR>')
  check.wait('the line', function()
    return vim.deep_equal({ 'orders.py', 27 }, place())
  end, place)
  go_to('py:31')
  editor:type('gf')
  check.wait('the other line', function()
    return vim.deep_equal({ 'orders.py', 31 }, place())
  end, place)
  check.equal(2, editor:lua('return #vim.api.nvim_list_wins()'), 'windows')
  go_to('orders.py:27')
  editor:type('vegx')
  check.wait('the first line again, from a selection', function()
    return vim.deep_equal({ 'orders.py', 27 }, place()) and editor:lua('return vim.fn.mode()') == 'n'
  end, place)
  go_to('py:31')
  editor:type('gx')
  check.wait('the other line again', function()
    return vim.deep_equal({ 'orders.py', 31 }, place())
  end, place)
  editor:type('<C-O>')
  check.wait('the line before in the jump list', function()
    return vim.deep_equal({ 'orders.py', 27 }, place())
  end, place)
end)

check.case('a place that was not found leads nowhere', function()
  editor:lua('_G.notes = {}')
  go_to('nowhere.py')
  local before = place()
  editor:type('<CR>')
  check.wait('a word about it', function()
    return (editor:lua('return _G.notes')[1] or ''):find('was not found', 1, true)
  end)
  check.equal(before, place(), 'the cursor')
end)

check.case('no other name in an answer leads anywhere', function()
  editor:lua('_G.notes = {}')
  go_to('pays')
  editor:lua('_G.opened = {} vim.ui.open = function(address) table.insert(_G.opened, address) end')
  local openers = { 'gf', 'gF', 'gx', ']f', '[f', '<C-W>f', '<C-W><C-F>', '<C-W>gf', '<CR>' }
  vim.list_extend(openers, { 'vegf', 'vegF', 'vegx', 've<C-W>f' })
  for _, keys in ipairs(openers) do
    editor:type(keys)
  end
  check.wait('a word about each', function()
    local notes = editor:lua('return _G.notes')
    return #notes == #openers and notes[1]:find('no place', 1, true)
  end, function()
    return editor:lua('return { _G.notes, vim.v.errmsg }')
  end)
  check.truthy(sheet().focused, 'the cursor left the answer')
  check.equal({}, editor:lua('return _G.opened'), 'addresses that were opened')
end)

check.case('closed and shown again it is the same, and grows while it is closed', function()
  local text = sheet().text
  go_to('100%')
  editor:type('q')
  check.wait('it to close', function()
    return not is_sheet(sheet())
  end)
  editor:type(':Tandem answer<CR>')
  check.equal(
    text,
    check.wait('it again', function()
      local shown = sheet()
      return is_sheet(shown) and shown.text
    end)
  )
  check.equal(3, #marks(), 'marks')
end)

check.case('closed as the last window, it leaves an empty one', function()
  go_to('100%')
  editor:type(':only<CR>q')
  check.wait('another buffer', function()
    return not is_sheet(sheet())
  end)
  editor:type(':Tandem answer<CR>')
  editor:open('orders.py')
end)

check.case('what goes on with an answer stands below it', function()
  editor:lua('_G.sent, _G.input = {}, "and then?"')
  go_to('100%')
  editor:type('a')
  local asked = check.wait('the question', function()
    return editor:lua([[return _G.commands('tandem.ask')]])[1]
  end)
  check.equal({ question = 'and then?', thread = 't1' }, asked[1])
  editor:type(':Tandem ask once more<CR>')
  check.wait('the same by the command', function()
    local again = editor:lua([[return _G.commands('tandem.ask')]])[2]
    return again and again[1].thread == 't1' and again[1].question == 'once more'
  end)
  editor:type('<C-W>p')
  tell({ question = 2, event = 'begin', title = 'and then?', kind = 'ask', thread = 't1' })
  tell({ question = 2, event = 'text', text = 'Then nothing.', citations = {} })
  local text = sheet().text
  check.truthy(text:find('# what does 100%', 1, true) and text:find('# and then?\n\nThen nothing.', 1, true), text)
  check.truthy(sheet().title:find('x cancels', 1, true), sheet().title)
end)

check.case('x cancels, and the end is shown', function()
  editor:lua('_G.sent = {}')
  go_to('and then')
  editor:type('x')
  check.wait('tandem.cancel', function()
    return vim.deep_equal({ { 2 } }, editor:lua([[return _G.commands('tandem.cancel')]]))
  end)
  tell({ question = 2, event = 'failed', problem = 'it was cancelled' })
  check.truthy(sheet().text:find('**There is no answer:** it was cancelled', 1, true), sheet().text)
  editor:type('<C-W>p')
end)

check.case('a proposed change is shown and not applied', function()
  local before = editor:lua([[return vim.fn.readfile(...)]], editor.workspace .. '/orders.py')
  tell({ question = 3, event = 'begin', title = 'Refactor', kind = 'refactor' })
  tell({
    question = 3,
    event = 'done',
    text = '',
    footer = { diff = { text = '--- a\n+++ b\n-x\n+y', problems = { 'no file `a`' } } },
  })
  go_to('Refactor')
  editor:type('d')
  check.wait('the change', function()
    return text_of() == '# does not apply as it stands: no file `a`\n--- a\n+++ b\n-x\n+y'
  end, text_of)
  check.equal('diff', editor:lua('return vim.bo.filetype'))
  editor:type('q<C-W>p')
  check.equal(before, editor:lua([[return vim.fn.readfile(...)]], editor.workspace .. '/orders.py'), 'the file')
end)

check.case('an answer whose buffer is wiped out while it comes disturbs nobody', function()
  tell({ question = 4, event = 'begin', title = 'gone', kind = 'ask' })
  editor:lua('vim.api.nvim_buf_delete(..., { force = true })', sheet().buffer)
  tell({ question = 4, event = 'text', text = 'into nothing', citations = {} })
  tell({ question = 4, event = 'done', text = '', footer = {} })
  tell({ question = 4, event = 'text', text = 'after the end', citations = {} })
  tell({ question = 5, event = 'text', text = 'without a beginning', citations = {} })
  tell({ question = 5, event = 'frobnicate' })
end)

check.case('the command line window is no obstacle', function()
  editor:lua('vim.cmd.only() _G.notes = {}')
  editor:type('q:')
  check.wait('the command line window', function()
    return editor:lua('return vim.fn.getcmdwintype()') == ':'
  end)
  tell({ question = 6, event = 'begin', title = 'meanwhile', kind = 'ask' })
  tell({ question = 6, event = 'done', text = 'Here.', footer = {} })
  check.equal('# meanwhile\n\nHere.', sheet().text)
  editor:type(':quit<CR>')
  check.wait('its end', function()
    return editor:lua('return vim.fn.getcmdwintype()') == ''
  end)
end)

-- Consent.

check.case('consent shows what, where to and how much, and Enter at once is a no', function()
  editor:lua('vim.cmd.only()')
  request(10)
  wait_until_asked()
  local shown = screen()
  for _, words in ipairs({
    'api.anthropic.com:443',
    '$0.01 to $0.09',
    'orders.py  (1.2 kB, lines 1-40)',
    'leaves this machine',
  }) do
    check.truthy(shown:find(words, 1, true), words .. ' is not in\n' .. shown)
  end
  editor:type('<CR>')
  wait_for_reply(10, 'no')
  check.truthy(not is_asking(), 'the window is still there')
end)

check.case('closing it by any way is a no', function()
  for _, keys in ipairs({ 'q', '<Esc>', ':quit<CR>', '<C-W>c' }) do
    request(11)
    wait_until_asked()
    editor:type(keys)
    wait_for_reply(11, 'no')
  end
end)

check.case('a yes is chosen, once or for the workspace', function()
  request(12)
  wait_until_asked()
  editor:type('jj<CR>')
  wait_for_reply(12, 'once')
  request(13)
  wait_until_asked()
  editor:type('jjj<CR>')
  wait_for_reply(13, 'workspace')
  request(14, { mayRemember = false })
  wait_until_asked()
  editor:type('jjj<CR>')
  check.truthy(is_asking() and #replies() == 0, 'what is not on offer was chosen')
  editor:type('k<CR>')
  wait_for_reply(14, 'once')
end)

check.case('what would be sent is shown on demand, and then asked again', function()
  request(15)
  wait_until_asked()
  editor:type('j<CR>')
  check.wait('the payload', function()
    return text_of() == CONSENT.payload
  end)
  check.equal({}, replies(), 'no answer yet')
  editor:type('q')
  wait_until_asked()
  editor:type('j<CR>')
  wait_for_reply(15, 'once')
end)

check.case('keys for the code answer nothing', function()
  editor:lua('_G.replies = {} vim.cmd("silent! tabonly | only")')
  editor:open('orders.py')
  editor:set_text('')
  editor:type('i')
  request(16)
  check.wait('the window to be seen', function()
    return screen():find('Send this?', 1, true)
  end)
  editor:enter('jjj', 'jjj')
  editor:type('<CR>jj<CR>')
  check.wait('the keys in the code', function()
    return text_of() == 'jjj\njj\n'
  end, text_of)
  check.equal({}, replies(), 'answers')
  editor:type('<Esc>')
  wait_until_asked()
  editor:type('<CR>')
  wait_for_reply(16, 'no')
end)

check.case('keys of normal mode that were meant for the code choose nothing', function()
  editor:lua([[require('tandem.quiet').quiet_ms = 1e9]])
  editor:set_text('one\ntwo\nthree')
  editor:type('gg')
  request(22)
  check.wait('the window to be seen', function()
    return screen():find('Send this?', 1, true)
  end)
  editor:type('jjj<CR>x')
  check.wait('the keys in the code', function()
    return text_of() == 'one\ntwo\nhree'
  end, text_of)
  -- They pause for long enough: now the window has the cursor, and takes no choice at once.
  editor:lua([[require('tandem.consent').pause_ms = 1e9 require('tandem.quiet').quiet_ms = 0]])
  check.wait('the window', is_asking)
  editor:type('jj<CR>j<CR>')
  check.equal({}, replies(), 'answers')
  check.truthy(is_asking() and not screen():find('Enter chooses', 1, true), screen())
  -- Left and entered again it waits once more.
  editor:lua([[require('tandem.consent').pause_ms = 0]])
  editor:type('<C-W>p<C-W>p')
  wait_until_asked()
  editor:type('<CR>')
  wait_for_reply(22, 'workspace')
end)

check.case('what is typed ahead of the window is dropped', function()
  -- The keys come while Neovim is busy until after the window takes choices.
  local row = editor:lua(
    [[
    _G.request_consent(...)
    vim.api.nvim_feedkeys(vim.keycode('jj<CR>'), 't', false)
    vim.wait(10000, function()
      local footer = vim.api.nvim_win_get_config(0).footer
      return footer and footer[1][1]:find('Enter', 1, true)
    end)
    return vim.api.nvim_get_current_line()
  ]],
    vim.tbl_extend('force', CONSENT, { question = 23 })
  )
  check.equal('   Do not send', row)
  editor:enter('k', '')
  check.equal({}, replies(), 'answers')
  editor:type('q')
  wait_for_reply(23, 'no')
end)

check.case('the command line window is left before anything is asked', function()
  editor:type('q:')
  check.wait('the command line window', function()
    return editor:lua('return vim.fn.getcmdwintype()') == ':'
  end)
  request(21)
  check.wait('the other window to be seen', function()
    return screen():find('Send this?', 1, true)
  end)
  check.truthy(not is_asking(), 'it took the cursor')
  editor:type(':quit<CR>')
  wait_until_asked()
  editor:type('q')
  wait_for_reply(21, 'no')
end)

check.case('two questions are asked one after the other', function()
  request(17)
  request(18)
  wait_until_asked()
  editor:type('jj<CR>')
  wait_for_reply(17, 'once')
  wait_until_asked()
  editor:type('q')
  wait_for_reply(18, 'no')
end)

check.case('a question that ends meanwhile is asked no more', function()
  tell({ question = 19, event = 'begin', title = 'slow', kind = 'ask' })
  request(19)
  wait_until_asked()
  tell({ question = 19, event = 'failed', problem = 'cancelled' })
  wait_for_reply(19, 'no')
  check.truthy(not is_asking(), 'the window')
  editor:lua('vim.cmd.only()')
end)

check.case('nothing went wrong in Neovim', function()
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  editor:quit()
end)

check.finish()
