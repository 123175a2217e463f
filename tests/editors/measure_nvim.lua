--- How fast a suggestion is seen in Neovim, how much of that is the server's, and whether shown text flickers while
--- somebody types for two minutes. Started by measure.sh; the figures stand in docs/benchmarks.md.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local measured = require('measured')
local Neovim = require('neovim')

--- ms between keys: as in vscode/measure.mjs.
local KEY_MS = 190

local folder = measured.record('measure-nvim')
local editor =
  Neovim.with_plugin('measure-nvim', { TANDEM_COMPLETION_EAGERNESS = '100' }, [[require('tandem').setup({})]])
-- Every mark is written down with its text once the screen shows it, and every key with its time.
editor:lua([[
  _G.seen = {}
  local function now()
    local time = vim.uv.clock_gettime('realtime')
    return time.sec * 1e3 + time.nsec / 1e6
  end
  local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
  local function text()
    local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
    if not mark then return nil end
    local lines = { '' }
    for _, chunk in ipairs(mark[4].virt_text or {}) do lines[1] = lines[1] .. chunk[1] end
    for _, chunks in ipairs(mark[4].virt_lines or {}) do
      local line = ''
      for _, chunk in ipairs(chunks) do line = line .. chunk[1] end
      table.insert(lines, line)
    end
    local whole = table.concat(lines, '\n')
    return whole ~= '' and whole or nil
  end
  local last
  -- At the end of each redraw: what is drawn then is what is seen.
  vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('measure'), {
    on_end = function()
      local shown = text()
      if shown ~= last then
        last = shown
        table.insert(_G.seen, { time = now(), ghost = shown or false })
      end
    end,
  })
  vim.on_key(function(_, typed)
    if typed and typed ~= '' then table.insert(_G.seen, { time = now(), key = vim.fn.keytrans(typed) }) end
  end)
  _G.timer = vim.uv.new_timer()
  -- Without a screen of its own Neovim draws when it is told to.
  _G.timer:start(0, 2, vim.schedule_wrap(function() vim.cmd.redraw() end))
]])

check.case('key press to visible ghost text', function()
  editor:open('orders.py')
  editor:type('Go<C-U>        self.audit.rec')
  editor:wait_for_ghost()
  check.wait('the model', function()
    return editor:request('tandem/status').state == 'ready'
  end)
  local samples = {}
  for sample = 1, measured.samples * 3 do
    if #samples >= measured.samples then
      break
    end
    local typed = measured.beginnings[(sample - 1) % #measured.beginnings + 1]
    editor:type(('<Esc>Go<C-U>        # step %d<CR><C-U>        <Esc>'):format(sample))
    check.wait('quiet', function()
      return editor:pending() == 0 and not editor:ghost()
    end)
    editor:type('A')
    editor:lua('_G.seen = {}')
    editor:type(typed)
    check.wait('the answers', function()
      return editor:line() == '        ' .. typed
          and editor:lua([[
        for index = #_G.seen, 1, -1 do
          if _G.seen[index].ghost then return true end
          if _G.seen[index].key then return false end
        end
      ]])
        or editor:pending() == 0
          and #measured.requests(folder, 'textDocument/inlineCompletion') > 0
          and editor:lua([[
        local last = _G.seen[#_G.seen]
        local time = vim.uv.clock_gettime('realtime')
        return last ~= nil and time.sec * 1e3 + time.nsec / 1e6 - last.time > 1000
      ]])
    end)
    local key, shown, early
    for _, event in ipairs(editor:lua('return _G.seen')) do
      if event.key then
        key, early = event.time, shown ~= nil
        shown = nil
      elseif event.ghost then
        shown = event.time
      end
    end
    if shown and not early then
      local request
      for _, each in ipairs(measured.requests(folder, 'textDocument/inlineCompletion')) do
        if each.asked < shown and each.answered then
          request = each
        end
      end
      table.insert(samples, { key = key, shown = shown, asked = request.asked, answered = request.answered })
    end
  end
  check.truthy(#samples >= math.min(50, measured.samples), 'only ' .. #samples .. ' samples')
  measured.tell('Neovim', samples)
end)

--- Changes of what is shown that no key explains: as in vscode/measure.mjs.
local function flickers(events)
  local found, shown, is_past, typed = {}, nil, false, ''
  for _, event in ipairs(events) do
    if event.key then
      local key = event.key == '<Space>' and ' ' or event.key == '<lt>' and '<' or event.key
      typed = typed .. (#key == 1 and key or '\n')
      is_past = is_past or shown ~= nil and not vim.startswith(shown, typed)
    else
      local ghost = event.ghost or nil
      if shown and not is_past then
        local rest = shown:sub(#typed + 1)
        if rest ~= '' and not vim.startswith(ghost or '', rest) then
          table.insert(found, event)
        end
      end
      is_past = is_past and ghost ~= nil and shown ~= nil and vim.endswith(shown, ghost)
      shown, typed = ghost, ''
    end
  end
  return found
end

check.case('a session of typing', function()
  editor:type('<Esc>')
  editor:lua('_G.seen = {}')
  scratch.write(editor.workspace .. '/shipments.py', '')
  editor:open('shipments.py')
  -- What an editor indents by itself would be typed twice.
  editor:lua([[vim.bo.autoindent, vim.bo.indentexpr, vim.bo.smartindent = false, '', false]])
  local text = scratch
    .read(scratch.repository .. '/tests/editors/workspace/orders.py')
    :gsub('order', 'shipment')
    :gsub('Order', 'Shipment')
  editor:type('i')
  editor:lua('_G.seen = {}')
  local began, state, typed = vim.uv.hrtime(), 20261121, 0
  local due = began
  while (vim.uv.hrtime() - began) / 1e9 < measured.seconds do
    local key = text:sub(typed % #text + 1, typed % #text + 1)
    editor:type(key == '\n' and '<CR>' or key == '<' and '<lt>' or key)
    typed = typed + 1
    state = (state * 1664525 + 1013904223) % 4294967296
    due = due + KEY_MS * 1e6 * (0.5 + state / 4294967296)
    vim.wait(math.max(0, math.floor((due - vim.uv.hrtime()) / 1e6)), function()
      return false
    end, 5)
  end
  local events = editor:lua('return _G.seen')
  local changes = #vim.tbl_filter(function(event)
    return event.ghost
  end, events)
  local messages = editor:lua([[return vim.fn.execute('messages')]])
  local found = flickers(events)
  check.note(
    '   Neovim, %d s: %d keys, %d texts shown, %d flickers, %d lines of messages',
    measured.seconds,
    typed,
    changes,
    #found,
    #vim.split(messages, '\n', { trimempty = true })
  )
  for index = 1, math.min(10, #found) do
    for position, event in ipairs(events) do
      if event == found[index] then
        check.note('     %s', vim.json.encode(vim.list_slice(events, math.max(1, position - 4), position + 1)))
      end
    end
  end
end)

editor:quit()
check.finish()
