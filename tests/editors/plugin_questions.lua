--- Questions through the plugin, the real server and a provider that is played on this machine: code action, trust,
--- consent, streamed answer, citations, budget, cancel, a server that is killed, a folder that is not trusted. `nvim -l
--- tests/editors/plugin_questions.lua`, started by run.sh.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local double = require('double')
local scratch = require('scratch')
local Neovim = require('neovim')

local PYTHON = 'def retry_later(job):\n    """Tries once more after a pause."""\n    return job\n\n\n'
  .. '# ask: what does this do?\ndef run(job):\n    return retry_later(job)\n'

local ANSWER = table.concat({
  'It runs a job, and tries again later: see `jobs.py:7` and jobs.py:1.',
  '',
  'Nothing is at nowhere.py:3.',
  '',
}, '\n')

local SETUP = [[
  require('tandem').setup({})
  _G.asked = {}
  _G.wanted = { 'Ask: what does this do?', 'Trust' }
  -- What Neovim asks by menus: code actions and trust. Consent has a window of its own.
  vim.ui.select = function(items, options, choose)
    table.insert(_G.asked, options.prompt)
    for index, item in ipairs(items) do
      local title = options.format_item and options.format_item(item) or item
      for _, wanted in ipairs(_G.wanted) do
        if vim.startswith(title, wanted) then return choose(item, index) end
      end
    end
    choose(nil)
  end
]]

local function start(name, settings)
  local editor = Neovim.with_plugin(name, settings, SETUP)
  scratch.write(editor.workspace .. '/jobs.py', PYTHON)
  editor:open('jobs.py')
  editor:type('7G')
  return editor
end

local job, settings = double.start('plugin', ANSWER, 30)
local editor = start('questions', settings)

local function sheet()
  return editor:lua([[
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.b[buffer].tandem_answer then _G.newest = buffer end
    end
    return _G.newest and table.concat(vim.api.nvim_buf_get_lines(_G.newest, 0, -1, false), '\n') or ''
  ]])
end

local function describe()
  return { sheet = sheet(), asked = editor:lua('return _G.asked'), log = editor:log():sub(-1500) }
end

local function wait_for(words)
  return check.wait(words, function()
    local text = sheet()
    return text:find(words, 1, true) and text
  end, describe)
end

local function wait_until_asked()
  check.wait('consent', function()
    return editor:lua([[
      local footer = vim.bo.filetype == 'tandem-consent' and vim.api.nvim_win_get_config(0).footer
      return footer and footer[1][1]:find('Enter chooses', 1, true) ~= nil
    ]])
  end, describe)
  return editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
end

check.case('a code action asks, and a window says what would be sent', function()
  editor:type('6G')
  editor:lua('vim.lsp.buf.code_action()')
  local text = wait_until_asked()
  local expected = { 'api.anthropic.com', 'jobs.py', 'Cost      $', 'leaves this machine', 'of $20 per month' }
  for _, words in ipairs(expected) do
    check.truthy(text:find(words, 1, true), words .. ' is not in\n' .. text)
  end
  check.truthy(
    table.concat(editor:lua('return _G.asked'), '\n'):find('Trust', 1, true),
    'the folder was not asked about'
  )
end)

check.case('the payload is shown on demand, and holds the file', function()
  editor:lua([[vim.fn.search('Show all', 'w')]])
  editor:type('<CR>')
  check.wait('the text that would be sent', function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find('def retry_later', 1, true)
  end)
  editor:type('q')
  wait_until_asked()
end)

check.case('allowed, the answer grows beside the code and ends with its cost', function()
  editor:lua([[vim.fn.search('Send this time', 'w')]])
  editor:type('<CR>')
  local lengths = {}
  local text = check.wait('the footer', function()
    local text = sheet()
    if #text ~= lengths[#lengths] then
      table.insert(lengths, #text)
    end
    return text:find('Answered by', 1, true) and text
  end, describe)
  check.truthy(#lengths > 2, 'it came in one piece')
  check.truthy(text:find('# what does this do?', 1, true), text)
  check.truthy(text:find('$0.', 1, true), 'the cost: ' .. text)
  check.truthy(text:find('`jobs.py`', 1, true), 'what was sent: ' .. text)
  check.truthy(editor:lua('return vim.api.nvim_buf_get_name(0)'):find('jobs.py', 1, true), 'the focus was taken')
end)

check.case('citations: found ones open, another one does not', function()
  local marks = editor:lua([[
    local namespace = vim.api.nvim_create_namespace('tandem.citations')
    return vim.iter(vim.api.nvim_buf_get_extmarks(_G.newest, namespace, 0, -1, { details = true })):map(function(mark)
      local text = vim.api.nvim_buf_get_text(_G.newest, mark[2], mark[3], mark[4].end_row, mark[4].end_col, {})[1]
      return text .. ' ' .. mark[4].hl_group
    end):totable()
  ]])
  check.equal({ 'jobs.py:7 TandemCitation', 'jobs.py:1 TandemCitation', 'nowhere.py:3 TandemUnverified' }, marks)
  editor:type('<C-W>w')
  editor:lua([[vim.fn.search('jobs.py:7', 'cw')]])
  editor:type('<CR>')
  check.wait('line 7 of the file', function()
    return editor:lua([[return vim.fs.basename(vim.api.nvim_buf_get_name(0)) .. vim.api.nvim_win_get_cursor(0)[1] ]])
      == 'jobs.py7'
  end, describe)
end)

check.case('a follow-up stands below, after a yes for the workspace', function()
  editor:lua([[vim.api.nvim_set_current_win(vim.fn.win_findbuf(_G.newest)[1])]])
  editor:type(':Tandem ask and when?<CR>')
  wait_until_asked()
  editor:lua([[vim.fn.search('always for this workspace', 'w')]])
  editor:type('<CR>')
  wait_for('# and when?')
  check.wait('both answers in one buffer', function()
    return select(2, sheet():gsub('Answered by', '')) == 2
  end, describe)
  check.equal(1, editor:lua([[return require('tandem.answers').count()]]), 'sheets')
end)

check.case('what was spent stands in the status line, the budget and the audit', function()
  local line = check.wait('the cost of today', function()
    local line = editor:lua([[return require('tandem').statusline(vim.fn.bufnr('jobs.py'))]])
    return line:find('$0.', 1, true) and line
  end, function()
    return editor:lua([[return require('tandem.status').of(vim.fn.bufnr('jobs.py'))]])
  end)
  check.truthy(line:find('%%%)'), 'the share of the limit: ' .. line)
  editor:lua([[vim.api.nvim_set_current_win(vim.fn.bufwinid('jobs.py'))]])
  editor:type(':Tandem budget<CR>')
  local text = check.wait('the bar', function()
    local text = editor:lua([[return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')]])
    return text:find('░', 1, true) and text
  end)
  check.truthy(text:find('$20 per month', 1, true) and text:find('2 questions', 1, true), text)
  editor:type('q:Tandem audit<CR>')
  check.wait('two requests in the audit', function()
    return editor:lua([[
      for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
        local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
        if vim.api.nvim_buf_get_name(buffer):find('/answers/', 1, true) and text:find('api.anthropic.com', 1, true) then
          return true
        end
      end
      return false
    ]])
  end, describe)
end)

check.case('a preview sends nothing', function()
  editor:lua([[vim.cmd('silent! only')]])
  editor:open('jobs.py')
  editor:type(':7,8Tandem preview what does this do<CR>')
  check.wait('the payload', function()
    return editor:lua([[
      for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
        local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
        if text:find('# What would be sent', 1, true) then return true end
      end
      return false
    ]])
  end, describe)
  check.equal(1, editor:lua([[return require('tandem.answers').count()]]), 'answers')
end)

check.case('Neovim had no error to note', function()
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  editor:check_log()
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

vim.fn.jobstop(job)

-- A long answer, so that there is time to stop it.
local slow, slow_settings = double.start('slow', ('A sentence about jobs. '):rep(4000), 50)

editor = start('questions-stopped', slow_settings)

local function ask(words)
  editor:type(':Tandem ask ' .. words .. '<CR>')
  wait_until_asked()
  editor:lua([[vim.fn.search('Send this time', 'w')]])
  editor:type('<CR>')
  wait_for('A sentence about jobs.')
end

check.case('x cancels an answer, and what it cost is told', function()
  ask('what does this do?')
  editor:lua([[vim.api.nvim_set_current_win(vim.fn.win_findbuf(_G.newest)[1])]])
  editor:type('x')
  wait_for('Not the whole answer')
  wait_for('Answered by')
  editor:lua([[vim.api.nvim_set_current_win(vim.fn.bufwinid('jobs.py'))]])
end)

check.case('cancelled while the window asks, nothing is sent and the window goes', function()
  editor:type(':Tandem ask something else<CR>')
  wait_until_asked()
  editor:lua([[vim.api.nvim_set_current_win(vim.fn.bufwinid('jobs.py'))]])
  editor:type(':Tandem cancel<CR>')
  check.wait('the window to go', function()
    return editor:lua([[
      return vim.iter(vim.api.nvim_list_wins()):all(function(window)
        return vim.bo[vim.api.nvim_win_get_buf(window)].filetype ~= 'tandem-consent'
      end)
    ]])
  end, describe)
end)

check.case('a server that is killed ends its answer, and the next question works', function()
  editor:lua([[vim.cmd('silent! only')]])
  editor:open('jobs.py')
  editor:type('7G')
  ask('once more')
  for id in pairs(scratch.processes(editor.environment)) do
    vim.uv.kill(id, 'sigkill')
  end
  wait_for('the server ended before the answer did')
  check.wait('another server', function()
    return editor:lua([[
      local client = vim.lsp.get_clients({ bufnr = vim.fn.bufnr('jobs.py'), name = 'tandem' })[1]
      return client ~= nil and client.initialized == true
    ]])
  end)
  editor:lua([[vim.cmd('silent! only')]])
  editor:open('jobs.py')
  editor:type('7G')
  ask('and again')
  editor:type(':Tandem cancel<CR>')
  wait_for('Answered by')
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.case('in a folder that is not trusted nothing is asked of a cloud, and the answer says so', function()
  editor = start('questions-untrusted', slow_settings)
  editor:lua([[_G.wanted = { 'Not now' }]])
  editor:type(':Tandem ask what does this do?<CR>')
  local text = wait_for('Answered by')
  check.truthy(text:find('trust', 1, true), text)
  check.truthy(text:find('nothing left this machine', 1, true), text)
  check.truthy(table.concat(editor:lua('return _G.asked'), '\n'):find('Trust', 1, true), 'it was not asked about')
  check.truthy(editor:lua('return vim.bo.filetype') ~= 'tandem-consent', 'consent was asked for')
  editor:quit()
end)

check.case('beyond the budget nothing is sent, and the answer says why', function()
  local poor = vim.tbl_extend('force', slow_settings, { TANDEM_BUDGET_LIMITS = '$0.0001 per month' })
  editor = start('questions-poor', poor)
  editor:type(':Tandem ask what does this do?<CR>')
  local text = wait_for('Answered by')
  check.truthy(text:find('$0.0001 per month', 1, true), text)
  check.truthy(text:find('nothing left this machine', 1, true), text)
  editor:quit()
  scratch.wait_until_gone(editor.environment)
end)

check.case('a no sends nothing, and the audit has nothing', function()
  editor = start('questions-refused', slow_settings)
  editor:type(':Tandem ask what does this do?<CR>')
  wait_until_asked()
  editor:type('<CR>')
  local text = wait_for('Answered by')
  check.truthy(text:find('nothing left this machine', 1, true), text)
  check.equal('', editor:lua('return vim.v.errmsg'), 'v:errmsg')
  editor:check_log()
  editor:quit()
  scratch.wait_until_gone(editor.environment)
  local audit = vim.system({ scratch.tandem, 'audit' }, { env = editor.environment, text = true }):wait()
  check.truthy(not audit.stdout:find('api.anthropic.com', 1, true), audit.stdout)
end)

vim.fn.jobstop(slow)
check.finish()
