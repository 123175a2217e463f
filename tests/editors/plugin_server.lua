--- A server that is played inside Neovim, message by message: what no real one says twice in the same words. Also what
--- its drivers look at: the sheet of an answer, the screen, the window of consent. All of it is about the editor that
--- was started last.
local check = require('check')
local Neovim = require('neovim')

local M = {}

local editor

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
          local callback_now = callback
          -- An answer that a driver holds back comes when it says so.
          if _G.held and method == 'textDocument/inlineCompletion' then
            callback = function(...)
              local arguments = { n = select('#', ...), ... }
              table.insert(_G.held, function() callback_now(unpack(arguments, 1, arguments.n)) end)
            end
          end
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
  function _G.release()
    local held = _G.held
    _G.held = nil
    for _, act in ipairs(held) do act() end
  end
  _G.chosen = {}
  function _G.request_message(params)
    coroutine.wrap(function()
      local choice = _G.server.server_request('window/showMessageRequest', params)
      table.insert(_G.chosen, choice == vim.NIL and 'none' or choice.title)
    end)()
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

--- Starts Neovim with the plugin, `options` for setup as Lua, and `before` that as Lua, too.
function M.start(name, options, before)
  -- Tabs of eight columns, which is what the helper reads from the screen.
  -- The pauses are for people: where they matter, a driver sets others.
  local init = ([[
    vim.g.python_recommended_style = 0
    %s
    %s
    require('tandem').setup(%s)
    require('tandem.quiet').quiet_ms, require('tandem.consent').pause_ms = 0, 0
  ]]):format(before or '', DOUBLE, options or '{}')
  editor = Neovim.with_plugin(name, {}, init)
  editor:open('orders.py')
  return editor
end

function M.text_of()
  return editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
end

--- Begins a new text of one line with the cursor behind it, where the double suggests `items`.
function M.suggest(typed, items, more)
  editor:type('<Esc>')
  editor:set_text('')
  editor:lua('_G.sent = {} _G.inline, _G.more = ...', items, more or items)
  editor:type('i' .. typed)
  return editor:wait_for_ghost()
end

function M.tell(event)
  editor:lua('_G.tell(...)', event)
end

--- What the window of an answer shows; nil where there is none.
function M.sheet()
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

function M.is_sheet(value)
  return type(value) == 'table'
end

--- The screen as it is drawn.
function M.screen()
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

function M.uri(file)
  return vim.uri_from_fname(editor.workspace .. '/' .. file)
end

function M.marks()
  return editor:lua(
    [[
    local buffer = ...
    local namespace = vim.api.nvim_create_namespace('tandem.citations')
    return vim.iter(vim.api.nvim_buf_get_extmarks(buffer, namespace, 0, -1, { details = true })):map(function(mark)
      local text = vim.api.nvim_buf_get_text(buffer, mark[2], mark[3], mark[4].end_row, mark[4].end_col, {})[1]
      return { text, mark[4].hl_group }
    end):totable()
  ]],
    M.sheet().buffer
  )
end

function M.go_to(words)
  editor:lua(
    [[
    local window, words = ...
    vim.api.nvim_set_current_win(window)
    vim.fn.search(words, 'cw')
  ]],
    M.sheet().window,
    words
  )
end

function M.place()
  return editor:lua([[return { vim.fs.basename(vim.api.nvim_buf_get_name(0)), vim.api.nvim_win_get_cursor(0)[1] }]])
end

M.CONSENT = {
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

function M.request(question, more)
  editor:lua('_G.request_consent(...)', vim.tbl_extend('force', M.CONSENT, { question = question }, more or {}))
end

function M.replies()
  return editor:lua('return _G.replies')
end

function M.wait_for_reply(question, choice)
  check.wait('the answer ' .. choice, function()
    return vim.deep_equal({ { question = question, choice = choice } }, M.replies())
  end, M.replies)
  editor:lua('_G.replies = {}')
end

function M.is_asking()
  return editor:lua([[return vim.bo.filetype]]) == 'tandem-consent'
end

--- Whether the window that asks takes a choice already.
local function takes_enter()
  return M.is_asking() and M.screen():find('Enter chooses', 1, true) ~= nil
end

function M.wait_until_asked()
  check.wait('the window', takes_enter, M.screen)
end

return M
