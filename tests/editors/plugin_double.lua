--- The plugin against a server that is played inside Neovim, message by message: what no real server says twice in the
--- same words. Suggestions of several lines, answers piece by piece, consent. `nvim -l
--- tests/editors/plugin_double.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local Neovim = require('neovim')

--- Plays a server: `_G.inline` is what it suggests, `_G.sent` what it was told, `_G.answers` what it answers to other
--- requests.
local DOUBLE = [[
  _G.inline, _G.sent, _G.answers, _G.encoding = {}, {}, {}, _G.encoding or 'utf-8'
  local number = 0
  vim.lsp.config('tandem', {
    cmd = function(dispatchers)
      local is_closing = false
      _G.server = dispatchers
      return {
        request = function(method, params, callback)
          number = number + 1
          table.insert(_G.sent, { method = method, params = params })
          local result = vim.NIL
          if method == 'initialize' then
            _G.experimental = params.capabilities.experimental
            result = { capabilities = {
              positionEncoding = _G.encoding,
              textDocumentSync = { openClose = true, change = 2 },
              inlineCompletionProvider = true,
              executeCommandProvider = { commands = { 'tandem.accepted', 'tandem.ask' } },
            } }
          elseif method == 'textDocument/inlineCompletion' then
            local texts = params.context.triggerKind == 1 and _G.more or _G.inline
            -- Later ones find nothing new: null leaves what is shown as it is.
            result = texts and {} or vim.NIL
            for _, text in ipairs(texts or {}) do
              table.insert(result, {
                insertText = text,
                range = { start = params.position, ['end'] = params.position },
                command = { title = 'accepted', command = 'tandem.accepted', arguments = { 7, #result } },
              })
            end
            _G.inline = nil
          elseif method == 'tandem/status' then
            result = { state = 'idle', engine = 'lookup', busy = 0 }
          elseif _G.answers[method] ~= nil then
            result = _G.answers[method]
          elseif method == 'workspace/executeCommand' then
            result = _G.answers[params.command] or vim.NIL
          end
          vim.schedule(function() callback(nil, result ~= vim.NIL and result or nil) end)
          return true, number
        end,
        notify = function(method, params)
          if method == 'exit' then
            is_closing = true
            dispatchers.on_exit(0, 0)
          end
          return true
        end,
        is_closing = function() return is_closing end,
        terminate = function()
          is_closing = true
          dispatchers.on_exit(0, 15)
        end,
      }
    end,
  })
  function _G.die()
    _G.server.on_exit(101, 0)
  end
  function _G.tell(event)
    _G.server.notification('tandem/answer', event)
  end
  function _G.request_consent(request)
    coroutine.wrap(function()
      local reply = _G.server.server_request('tandem/consent', request)
      table.insert(_G.replies, { question = request.question, choice = reply.choice })
    end)()
  end
  _G.replies = {}
  _G.notes = {}
  vim.notify = function(message) table.insert(_G.notes, message) end
  function _G.commands(name)
    return vim.iter(_G.sent):filter(function(sent)
      return sent.method == 'workspace/executeCommand' and sent.params.command == name
    end):map(function(sent) return sent.params.arguments end):totable()
  end
]]

local function start(name, options, before)
  -- Tabs of eight columns, which is what the helper reads from the screen.
  local init = ("vim.g.python_recommended_style = 0\n%s\n%s\nrequire('tandem').setup(%s)"):format(
    before or '',
    DOUBLE,
    options or '{}'
  )
  local editor = Neovim.with_plugin(name, {}, init)
  editor:open('orders.py')
  return editor
end

local editor = start('double')

local function text_of(editor_)
  return (editor_ or editor):lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
end

--- Begins a new text of one line with the cursor behind it, where the double suggests `items`.
local function suggest(typed, items, more)
  editor:type('<Esc>')
  editor:set_text('')
  editor:lua('_G.sent = {} _G.inline, _G.more = ...', items, more or items)
  editor:type('i' .. typed)
  return editor:wait_for_ghost()
end

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

-- Questions.

local function tell(event)
  editor:lua('_G.tell(...)', event)
end

--- What the window of an answer shows; nil where there is none.
local function sheet()
  return editor:lua([[
    for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
      local buffer = vim.api.nvim_win_get_buf(window)
      if vim.b[buffer].tandem_answer then
        return {
          text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n'),
          title = vim.b[buffer].tandem_hints, window = window, buffer = buffer,
          listed = vim.bo[buffer].buflisted, swap = vim.bo[buffer].swapfile, filetype = vim.bo[buffer].filetype,
          modifiable = vim.bo[buffer].modifiable, focused = window == vim.api.nvim_get_current_win(),
        }
      end
    end
    return vim.NIL
  ]])
end

local function is_sheet(value)
  return type(value) == 'table'
end

--- The screen as it is drawn.
local function screen()
  return editor:lua([[
    vim.cmd.redraw()
    local rows = {}
    for row = 1, vim.o.lines do
      local cells = {}
      for column = 1, vim.o.columns do table.insert(cells, vim.fn.screenstring(row, column)) end
      table.insert(rows, (table.concat(cells):gsub('%s+$', '')))
    end
    return table.concat(rows, '\n')
  ]])
end

local function uri(file)
  return vim.uri_from_fname(editor.workspace .. '/' .. file)
end

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
  tell({ question = 1, event = 'routed', isCloud = true, reason = 'several files' })
  check.truthy(screen():find('a cloud model answers: several files', 1, true), screen())
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

local function marks()
  return editor:lua(
    [[
    local buffer = ...
    local namespace = vim.api.nvim_create_namespace('tandem.citations')
    return vim.iter(vim.api.nvim_buf_get_extmarks(buffer, namespace, 0, -1, { details = true })):map(function(mark)
      local text = vim.api.nvim_buf_get_text(buffer, mark[2], mark[3], mark[4].end_row, mark[4].end_col, {})[1]
      return { text, mark[4].hl_group }
    end):totable()
  ]],
    sheet().buffer
  )
end

check.case('places are marked exactly: found ones and others', function()
  check.equal({
    { 'orders.py:27', 'TandemCitation' },
    { 'nowhere.py:3', 'TandemUnverified' },
    { 'orders.py:31', 'TandemCitation' },
  }, marks())
  -- Colours that every scheme has.
  check.equal('Underlined', editor:lua([[return vim.api.nvim_get_hl(0, { name = 'TandemCitation' }).link]]))
end)

local function go_to(words)
  editor:lua(
    [[
    local window, words = ...
    vim.api.nvim_set_current_win(window)
    vim.fn.search(words, 'cw')
  ]],
    sheet().window,
    words
  )
end

local function place()
  return editor:lua([[return { vim.fs.basename(vim.api.nvim_buf_get_name(0)), vim.api.nvim_win_get_cursor(0)[1] }]])
end

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

local CONSENT = {
  title = 'what does this do?',
  message = 'Send 1 kB?',
  provider = 'anthropic',
  model = 'm',
  host = 'api.anthropic.com:443',
  isLocal = false,
  mayRemember = true,
  inputTokens = { least = 10, most = 2000 },
  maxOutputTokens = 8192,
  cost = { least = '$0.01', most = '$0.09' },
  files = { { path = 'orders.py', bytes = 1200, lines = '1-40' } },
  redactions = {},
  payload = '# What would be sent\n\nclass Order',
}

local function request(question, more)
  editor:lua('_G.request_consent(...)', vim.tbl_extend('force', CONSENT, { question = question }, more or {}))
end

local function replies()
  return editor:lua('return _G.replies')
end

local function wait_for_reply(question, choice)
  check.wait('the answer ' .. choice, function()
    return vim.deep_equal({ { question = question, choice = choice } }, replies())
  end, replies)
  editor:lua('_G.replies = {}')
end

local function is_asking()
  return editor:lua([[return vim.bo.filetype]]) == 'tandem-consent'
end

local function wait_until_asked()
  check.wait('the window', is_asking)
end

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
  editor:type('j<CR>')
  wait_for_reply(12, 'once')
  request(13)
  wait_until_asked()
  editor:type('jj<CR>')
  wait_for_reply(13, 'workspace')
  request(14, { mayRemember = false })
  wait_until_asked()
  editor:type('jj<CR>')
  check.wait('the payload in place of what is not on offer', function()
    return text_of() == CONSENT.payload
  end)
  editor:type('q')
  wait_until_asked()
  editor:type('q')
  wait_for_reply(14, 'no')
end)

check.case('what would be sent is shown on demand, and then asked again', function()
  request(15)
  wait_until_asked()
  editor:type('jjj<CR>')
  check.wait('the payload', function()
    return text_of() == CONSENT.payload
  end)
  check.equal({}, replies(), 'no answer yet')
  editor:type('q')
  wait_until_asked()
  editor:type('kk<CR>')
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
  editor:type('j<CR>')
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

editor = start(
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
  editor:lua('_G.picks = { 2 }')
  request(30)
  wait_for_reply(30, 'once')
  check.equal('Do not send', editor:lua('return _G.titles[1]'))
  check.equal('Send 1 kB?', editor:lua('return _G.prompt'))
  editor:lua('_G.picks = {}')
  request(31)
  wait_for_reply(31, 'no')
  editor:lua('_G.picks = { 4, 3 }')
  request(32)
  check.wait('the payload', function()
    return text_of() == CONSENT.payload
  end)
  editor:type('q')
  wait_for_reply(32, 'workspace')
end)

check.case('a way of asking that breaks is a no', function()
  editor:lua([[vim.ui.select = function() error('no menu') end _G.notes = {}]])
  request(33)
  wait_for_reply(33, 'no')
  check.truthy(editor:lua('return _G.notes')[1]:find('nothing is', 1, true), 'the word about it')
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
