--- The plugin against a server that is played: suggestions of several lines, budget, servers that die, options.
--- `nvim -l tests/editors/plugin_double.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local play = require('plugin_server')

local text_of = play.text_of
local suggest = play.suggest
local tell = play.tell
local sheet = play.sheet
local is_sheet = play.is_sheet
local screen = play.screen
local uri = play.uri
local marks = play.marks
local request = play.request
local wait_for_reply = play.wait_for_reply
local is_asking = play.is_asking
local wait_until_asked = play.wait_until_asked
local CONSENT = play.CONSENT

local editor = play.start('double')

check.case('it announces what it can show by itself', function()
  check.equal(
    { tandemAnswers = true, tandemConsent = true, tandemPrompt = true },
    editor:lua('return _G.experimental'),
    'capabilities.experimental'
  )
end)

local BLOCK = 'f(日本):\n\treturn "🦀"\n\n# end'

check.case('several lines are taken by words, by lines and whole, with tabs and letters of many bytes', function()
  check.equal(BLOCK, suggest('def ', { BLOCK }).text, 'the suggestion')
  editor:enter('<Tab>', '# end')
  check.equal('def ' .. BLOCK, text_of(), 'all of it')

  suggest('def ', { BLOCK })
  editor:enter('f(<M-Right>', 'def f(日本')
  check.equal('):\n\treturn "🦀"\n\n# end', editor:ghost().text, 'after a word')
  editor:enter('<M-Down>', 'def f(日本):')
  editor:enter('<M-Down>', '\treturn "🦀"')
  check.equal('\n\n# end', editor:ghost().text, 'after two lines')
  editor:type('<M-Right>')
  check.wait('the sign and the blank line before it', function()
    return text_of() == 'def f(日本):\n\treturn "🦀"\n\n#'
  end, text_of)
  editor:enter('<Tab>', '# end')
  check.equal('def ' .. BLOCK, text_of(), 'all parts')
end)

check.case('the server is told of the item that was taken, when all of it is', function()
  suggest('x = ', { 'one(two)' })
  editor:enter('<M-Right>', 'x = one')
  check.equal({}, editor:lua([[return _G.commands('tandem.accepted')]]), 'after a part')
  editor:enter('<Tab>', 'x = one(two)')
  check.wait('tandem.accepted', function()
    return vim.deep_equal({ { 7, 0 } }, editor:lua([[return _G.commands('tandem.accepted')]]))
  end)
end)

check.case('candidates: asked for once, counted, in a circle, and the shown one is taken', function()
  suggest('x = ', { 'one' }, { 'one', 'two', 'three' })
  editor:type('<M-n>')
  local function shows(text)
    check.wait(text, function()
      local ghost = editor:ghost()
      return ghost and ghost.text == text
    end, function()
      return editor:ghost()
    end)
  end
  shows('two (2/3)')
  editor:type('<M-n><M-n>')
  shows('one (1/3)')
  editor:type('<M-p>')
  shows('three (3/3)')
  local asked = editor:lua([[
    return #vim.tbl_filter(function(sent)
      return sent.method == 'textDocument/inlineCompletion' and sent.params.context.triggerKind == 1
    end, _G.sent)
  ]])
  check.equal(1, asked, 'requests for more')
  editor:enter('<Tab>', 'x = three')
  check.wait('the third to be told', function()
    return vim.deep_equal({ { 7, 2 } }, editor:lua([[return _G.commands('tandem.accepted')]]))
  end)
end)

check.case('an answer that comes after another key is shown where it goes on, and only there', function()
  local function late(typed)
    editor:type('<Esc>')
    editor:set_text('')
    editor:lua('_G.sent, _G.inline, _G.more, _G.held = {}, { "self.audit(1)" }, nil, {}')
    editor:enter('i   ', '   ')
    check.wait('the request', function()
      return editor:lua('return #_G.held') > 0
    end)
    local before = editor:lua('return #_G.held')
    editor:enter(typed, '   ' .. typed)
    check.wait('the next request', function()
      return editor:lua('return #_G.held') > before
    end)
    editor:lua('_G.release()')
  end
  late('s')
  check.equal('elf.audit(1)', editor:wait_for_ghost().text, 'what goes on')
  late(' ')
  -- What was asked later has no answer, so nothing else changes what is shown.
  check.truthy(not editor:ghost(), 'what does not go on: ' .. vim.inspect(editor:ghost()))
  editor:type('<Esc>')
end)

check.case('a late answer that does not go on leaves what is shown', function()
  suggest('x = ', { 'one' })
  editor:lua('_G.inline, _G.held = { "two" }, {}')
  editor:enter('o', 'x = o')
  check.wait('the request', function()
    return editor:lua('return #_G.held') > 0
  end)
  editor:enter('n', 'x = on')
  editor:lua('_G.release()')
  check.equal('e', editor:ghost().text, 'what is left of the first one')
  editor:enter('<Tab>', 'x = one')
  editor:type('<Esc>')
end)

check.case('a suggestion that is a snippet is expanded', function()
  suggest('x = ', { { kind = 'snippet', value = 'f(${1:a})$0' } })
  editor:enter('<Tab>', 'x = f(a)')
  editor:type('<Esc>')
  editor:lua('vim.snippet.stop()')
end)

check.case('nothing to suggest leaves Tab a tab', function()
  editor:type('<Esc>')
  editor:set_text('')
  editor:lua('vim.bo.expandtab = false')
  editor:enter('iabc<Tab>', 'abc\t')
  editor:type('<Esc>')
end)

check.case('the budget is shown with a bar for each limit', function()
  editor:lua([[_G.answers['tandem/budget'] = {
    provider = 'anthropic', model = 'm', today = { cost = '$0.10', tokens = 5, questions = 1 },
    limits = { { name = '$20 per month', spent = '$10', limit = '$20', left = '$10', share = 0.5 } },
  }]])
  editor:type(':Tandem budget<CR>')
  check.wait('the bar', function()
    return screen():find(('█'):rep(12) .. ('░'):rep(12) .. '  50 %', 1, true)
  end, screen)
  editor:type('q')
end)

check.case('a server that dies ends its answers and is started again', function()
  editor:open('orders.py')
  tell({ question = 20, event = 'begin', title = 'interrupted', kind = 'ask' })
  request(20)
  wait_until_asked()
  editor:lua('_G.sent = {} _G.notes = {} _G.die()')
  check.wait('the end of the answer', function()
    local shown = sheet()
    return is_sheet(shown) and shown.text:find('the server ended before the answer did', 1, true)
  end, sheet)
  check.truthy(not is_asking(), 'the window that asks')
  check.wait('another server', function()
    return editor:lua([[return #vim.lsp.get_clients({ name = 'tandem' }) == 1 and _G.sent[1].method == 'initialize']])
  end, function()
    return editor:lua('return { _G.sent, _G.notes }')
  end)
  editor:lua('vim.cmd.only()')
  editor:open('orders.py')
end)

check.case('one that dies again and again is left alone, with a word about it', function()
  editor:lua([[
    -- The pauses are for people.
    local defer = vim.defer_fn
    vim.defer_fn = function(act, ms) return defer(act, math.min(ms, 10)) end
    _G.notes = {}
  ]])
  for _ = 1, 3 do
    check.wait('a server', function()
      return editor:lua([[
        local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
        return client ~= nil and client.initialized == true
      ]])
    end)
    editor:lua('_G.die()')
    check.wait('its end', function()
      return editor:lua([[return _G.server ~= nil and #vim.lsp.get_clients({ name = 'tandem' }) ~= nil]])
    end)
  end
  check.wait('the last word', function()
    return vim.iter(editor:lua('return _G.notes')):any(function(note)
      return note:find('left alone', 1, true)
    end)
  end, function()
    return editor:lua('return _G.notes')
  end)
  editor:lua([[_G.sent = {}]])
  editor:type(':Tandem restart<CR>')
  check.wait('a server once more', function()
    return editor:lua([[return (_G.sent[1] or {}).method]]) == 'initialize'
  end)
end)

check.case('nothing went wrong in Neovim', function()
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  editor:quit()
end)

-- Other options.

editor = play.start(
  'double-options',
  [[{
  keys = { accept = '<C-Y>', accept_word = false },
  answers = { position = 'below', focus = true, keys = { close = false, cancel = 'c' } },
  consent = 'select',
}]],
  [[_G.encoding = 'utf-16']]
)

check.case('other keys, or none', function()
  suggest('x = ', { 'one two' })
  editor:enter('<C-Y>', 'x = one two')
  check.equal({}, editor:lua([[return vim.fn.maparg('<M-Right>', 'i', false, true)]]), 'a key that is off')
  check.equal(0, editor:lua([[return vim.fn.maparg('<Tab>', 'i', false, true).buffer]]), 'Tab')
  editor:type('<Esc>')
end)

check.case('answers below and with the focus; offsets in UTF-16', function()
  tell({ question = 1, event = 'begin', title = 'below', kind = 'ask' })
  check.wait('the focus', function()
    local shown = sheet()
    return is_sheet(shown) and shown.focused
  end)
  local text = 'é 🦀🦀 orders.py:3'
  tell({
    question = 1,
    event = 'text',
    text = text,
    citations = {
      { text = 'orders.py:3', at = 7, isVerified = true, uri = uri('orders.py'), line = 3 },
    },
  })
  check.equal({ { 'orders.py:3', 'TandemCitation' } }, marks())
  check.truthy(
    editor:lua('return vim.api.nvim_win_get_height(0) < 25 and vim.api.nvim_win_get_width(0) == vim.o.columns'),
    'below'
  )
  check.truthy(sheet().title:find('c cancels', 1, true) and not sheet().title:find('closes', 1, true), sheet().title)
  tell({ question = 1, event = 'done', text = '', footer = {} })
end)

check.case('consent through vim.ui.select: the list begins with no, and leaving it is a no', function()
  editor:lua([[
    vim.ui.select = function(items, options, choose)
      _G.titles = vim.tbl_map(options.format_item, items)
      _G.prompt = options.prompt
      local index = table.remove(_G.picks, 1)
      choose(index and items[index], index)
    end
  ]])
  editor:lua('_G.picks = { 3 }')
  request(30)
  wait_for_reply(30, 'once')
  check.equal('Do not send', editor:lua('return _G.titles[1]'))
  check.equal('Send 1 kB?', editor:lua('return _G.prompt'))
  editor:lua('_G.picks = {}')
  request(31)
  wait_for_reply(31, 'no')
  editor:lua('_G.picks = { 2, 4 }')
  request(32)
  check.wait('the payload', function()
    return text_of() == CONSENT.payload
  end)
  editor:type('q')
  wait_for_reply(32, 'workspace')
end)

local ACTIONS = { { title = 'Trust' }, { title = 'Show' }, { title = 'Not now' } }

local function wait_for_choice(title)
  check.wait(title, function()
    return vim.deep_equal({ title }, editor:lua('return _G.chosen'))
  end, function()
    return editor:lua('return { _G.chosen, _G.notes }')
  end)
  editor:lua('_G.chosen = {}')
end

local function ask_for_trust()
  editor:lua('_G.request_message(...)', { type = 3, message = 'Trust it?', actions = ACTIONS })
end

check.case('what the server asks with a message lists the way out first, and leaving it chooses nothing', function()
  editor:lua('_G.picks = { 3 }')
  ask_for_trust()
  wait_for_choice('Trust')
  check.equal({ 'Not now', 'Show', 'Trust' }, editor:lua('return _G.titles'))
  check.equal('Trust it?: ', editor:lua('return _G.prompt'))
  ask_for_trust()
  wait_for_choice('none')
  editor:lua('_G.request_message(...)', { type = 3, message = 'no choices' })
  wait_for_choice('none')
end)

check.case('no menu opens while somebody types, in whatever mode, and the keys go into the code', function()
  editor:lua([[
    vim.cmd('silent! tabonly | only')
    _G.menu_before, _G.menus = vim.ui.select, 0
    -- Neovim's own menu is answered by digits.
    vim.ui.select = function(items, options, choose)
      _G.menus = _G.menus + 1
      choose(items[vim.fn.getchar(0) - 48])
    end
  ]])
  editor:open('orders.py')
  editor:set_text('')
  for question, act in ipairs({ ask_for_trust, request }) do
    editor:type('i')
    act(question + 40)
    editor:enter('3', '3')
    -- Each looks ten times and more in this time.
    vim.wait(300, function()
      return false
    end)
    editor:enter('<CR>4', '4')
    check.equal(0, editor:lua('return _G.menus'), 'menus in insert mode')
    editor:type('<Esc>')
    check.wait('the menu', function()
      return editor:lua('return _G.menus') == 1
    end)
    if act == request then
      wait_for_reply(question + 40, 'no')
    else
      wait_for_choice('none')
    end
    editor:lua([[_G.menus = 0 require('tandem.quiet').quiet_ms = 1e9]])
    act(question + 50)
    editor:type('gg3j')
    editor:enter('ddggOx<Esc>', 'x')
    check.equal(0, editor:lua('return _G.menus'), 'menus while keys come')
    editor:lua([[require('tandem.quiet').quiet_ms = 0]])
    check.wait('the menu after them', function()
      return editor:lua('return _G.menus') == 1
    end)
    if act == request then
      wait_for_reply(question + 50, 'no')
    else
      wait_for_choice('none')
    end
    editor:set_text('')
    editor:lua('_G.menus = 0')
  end
  editor:lua('vim.ui.select = _G.menu_before')
end)

check.case('a way of asking that breaks is a no', function()
  editor:lua([[vim.ui.select = function() error('no menu') end _G.notes = {}]])
  request(33)
  wait_for_reply(33, 'no')
  check.truthy(editor:lua('return _G.notes')[1]:find('nothing is', 1, true), 'the word about it')
  editor:lua('_G.notes = {}')
  ask_for_trust()
  wait_for_choice('none')
  check.truthy(editor:lua('return _G.notes')[1]:find('no menu', 1, true), 'the word about it')
end)

check.case('setup again takes other options over for what is open', function()
  editor:lua([[vim.cmd('silent! tabonly | only')]])
  editor:open('orders.py')
  editor:lua([[require('tandem').setup({ ghost_text = { enabled = false }, keys = { accept = '<C-J>' } })]])
  check.equal(false, editor:lua('return vim.lsp.inline_completion.is_enabled({ bufnr = 0 })'), 'ghost text')
  check.equal({}, editor:lua([[return vim.fn.maparg('<C-Y>', 'i', false, true)]]), 'the key before')
  check.equal(1, editor:lua([[return vim.fn.maparg('<C-J>', 'i', false, true).buffer]]), 'the key now')
  check.equal(1, editor:lua([[return #vim.lsp.get_clients({ name = 'tandem' })]]), 'servers')
  editor:quit()
end)

check.finish()
