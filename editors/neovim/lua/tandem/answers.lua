--- Answers while they come (`tandem/answer`), each in a sheet of its own; one that goes on with another stands below
--- it.
local citations = require('tandem.citations')
local client = require('tandem.client')
local config = require('tandem.config')
local sheet = require('tandem.sheet')
local status = require('tandem.status')

local M = {}

--- By client and question: an answer. `bufnr` is its sheet, `state` one of running, done and failed.
local answers = {}
--- Sheets in the order in which they were made, and the newest answer of each.
local order, newest = {}, {}

local function key_of(client_id, question)
  return client_id .. ':' .. question
end

local function hints(answer)
  local keys = config.get().answers.keys
  local said = {}
  local function hint(key, words)
    if key then
      table.insert(said, key .. ' ' .. words)
    end
  end
  if answer.state == 'running' then
    hint(keys.cancel, 'cancels')
  else
    hint(answer.footer and answer.footer.thread and keys.follow_up, 'asks on')
    hint(answer.footer and answer.footer.diff and keys.diff, 'shows the change')
    hint(keys.open, 'opens a place')
  end
  hint(keys.close, 'closes')
  return table.concat(said, ' · ')
end

local function retitle(answer)
  local marks = { running = '…', done = '✓', failed = '✗' }
  sheet.set_title(answer.bufnr, marks[answer.state] .. ' ' .. answer.title, hints(answer))
end

--- Text of the client's own, on lines of its own.
local function add(answer, text)
  local last = vim.api.nvim_buf_get_lines(answer.bufnr, -2, -1, true)[1]
  sheet.append(answer.bufnr, (last == '' and '' or '\n\n') .. text)
end

local function find(bufnr)
  local answer = newest[bufnr]
  if not answer then
    vim.notify('There is no answer here.', vim.log.levels.WARN)
  end
  return answer
end

--- Shows the change that an answer proposes, for the user to look at; it is not applied.
--- @param bufnr integer
function M.show_diff(bufnr)
  local answer = find(bufnr)
  local diff = answer and answer.footer and answer.footer.diff
  if not diff then
    vim.notify('This answer proposes no change.', vim.log.levels.INFO)
    return
  end
  local lines = vim.split(diff.text, '\n', { plain = true })
  for index, problem in ipairs(diff.problems or {}) do
    table.insert(lines, index, '# does not apply as it stands: ' .. problem)
  end
  require('tandem.view').tab('The change', lines, 'diff')
end

--- Goes on with the thread of an answer.
--- @param bufnr integer
--- @param words? string asked for where there are none
function M.follow_up(bufnr, words)
  local answer = find(bufnr)
  if not answer then
    return
  end
  local thread = answer.footer and answer.footer.thread or nil
  if not thread then
    local why = answer.state == 'running' and 'The answer is still being written.'
      or 'Nothing can go on with this answer.'
    vim.notify(why, vim.log.levels.INFO)
    return
  end
  require('tandem.ask').with_words(words, function(question)
    local server = vim.lsp.get_client_by_id(answer.client_id) or client.need(nil, true)
    if server then
      client.execute(server, 'tandem.ask', { { question = question, thread = thread } })
    end
  end)
end

--- Cancels an answer that is being written.
--- @param bufnr integer
function M.cancel(bufnr)
  local answer = find(bufnr)
  local server = answer and answer.state == 'running' and vim.lsp.get_client_by_id(answer.client_id)
  if server then
    client.execute(server, 'tandem.cancel', { answer.question })
  end
end

--- Nothing else in an answer can be opened: Neovim's own keys would take any name or address that a model writes.
local function open_citation()
  if vim.fn.mode() ~= 'n' then
    vim.cmd.normal({ vim.keycode('<Esc>'), bang = true })
  end
  local citation = citations.under_cursor()
  if citation then
    citations.open(citation)
  else
    vim.notify('There is no place in the files here.', vim.log.levels.INFO)
  end
end

--- Neovim's own keys that open what stands under the cursor or is selected.
local OPENERS = { 'gf', 'gF', 'gx', ']f', '[f' }
for _, key in ipairs({ 'f', 'F', '<C-F>', 'gf', 'gF' }) do
  table.insert(OPENERS, '<C-W>' .. key)
end

local function map_keys(bufnr)
  local function map(key, act, description, modes)
    if key then
      vim.keymap.set(
        modes or 'n',
        key,
        act,
        { buffer = bufnr, silent = true, nowait = true, desc = 'Tandem: ' .. description }
      )
    end
  end
  local keys = config.get().answers.keys
  map(keys.open, open_citation, 'open the place')
  for _, key in ipairs(OPENERS) do
    map(key, open_citation, 'open the place', { 'n', 'x' })
  end
  map(keys.follow_up, function()
    M.follow_up(bufnr)
  end, 'ask on')
  map(keys.cancel, function()
    M.cancel(bufnr)
  end, 'cancel')
  map(keys.diff, function()
    M.show_diff(bufnr)
  end, 'show the change')
  map(keys.close, function()
    local is_last = vim.fn.winnr('$') == 1 and vim.fn.tabpagenr('$') == 1
    vim.cmd(is_last and 'enew' or 'close')
  end, 'close')
end

local function new_sheet()
  local bufnr = sheet.create()
  map_keys(bufnr)
  table.insert(order, bufnr)
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    once = true,
    callback = function()
      citations.forget(bufnr)
      newest[bufnr] = nil
      order = vim.tbl_filter(function(other)
        return other ~= bufnr
      end, order)
    end,
  })
  return bufnr
end

--- The sheet that holds a thread; nil where none does.
local function sheet_of(thread)
  for bufnr, answer in pairs(newest) do
    if thread and answer.footer and answer.footer.thread == thread then
      return bufnr
    end
  end
end

local on = {}

function on.begin(answer, event)
  answer.title, answer.kind = event.title or 'Answer', event.kind
  answer.bufnr = sheet_of(event.thread) or new_sheet()
  newest[answer.bufnr] = answer
  add(answer, ('# %s\n\n'):format(answer.title))
  retitle(answer)
  if not sheet.show(answer.bufnr) then
    vim.notify('Tandem answers; :Tandem answer shows it.', vim.log.levels.INFO)
  end
end

function on.routed(answer, event)
  sheet.show_progress(answer.bufnr, event.reason)
end

function on.progress(answer, event)
  sheet.show_progress(answer.bufnr, event.text)
end

function on.notice(answer, event)
  sheet.append(answer.bufnr, ('> %s\n\n'):format(event.text))
end

function on.text(answer, event)
  local row, column = sheet.append(answer.bufnr, event.text)
  local server = vim.lsp.get_client_by_id(answer.client_id)
  local encoding = server and server.offset_encoding or 'utf-8'
  citations.mark(answer.bufnr, event.text, event.citations or {}, row, column, encoding)
  if answer.progress then
    sheet.show_progress(answer.bufnr, answer.progress)
  end
end

function on.done(answer, event)
  answer.state, answer.footer = 'done', event.footer or {}
  sheet.append(answer.bufnr, event.text or '')
end

function on.failed(answer, event)
  answer.state = 'failed'
  local problem = event.problem or 'it broke off'
  add(answer, ('> **There is no answer:** %s\n'):format(problem))
  if #vim.fn.win_findbuf(answer.bufnr) == 0 then
    vim.notify('Tandem: ' .. problem, vim.log.levels.WARN)
  end
end

local function take(client_id, event)
  local key = key_of(client_id, event.question)
  local answer = answers[key]
  if event.event == 'begin' then
    answer = { client_id = client_id, question = event.question, state = 'running' }
    answers[key] = answer
  end
  local act = on[event.event]
  if not answer or not act then
    return
  end
  -- A user may wipe a sheet out while the answer comes.
  if event.event ~= 'begin' and not vim.api.nvim_buf_is_valid(answer.bufnr) then
    answers[key] = (event.event ~= 'done' and event.event ~= 'failed') and answer or nil
    return
  end
  answer.progress = event.event == 'progress' and event.text or (event.event ~= 'text' and answer.progress or nil)
  act(answer, event)
  if answer.state ~= 'running' then
    sheet.show_progress(answer.bufnr, nil)
    retitle(answer)
    answers[key] = nil
    require('tandem.consent').close(client_id, event.question)
  end
end

--- Handler of the notification.
function M.on_event(_, event, context)
  if type(event) ~= 'table' or type(event.question) ~= 'number' then
    return
  end
  take(context.client_id, event)
  local data = { client_id = context.client_id, question = event.question, event = event.event }
  status.tell('TandemAnswer', data)
end

--- Nothing more comes from this server: its answers are over.
--- @param client_id integer
function M.on_server_end(client_id)
  for _, answer in pairs(vim.deepcopy(answers, true)) do
    if answer.client_id == client_id then
      take(
        client_id,
        { question = answer.question, event = 'failed', problem = 'the server ended before the answer did.' }
      )
    end
  end
  require('tandem.consent').close(client_id)
end

--- Shows a sheet again: the newest, or number `which` of those that there are.
--- @param which? integer
function M.reopen(which)
  local bufnr = order[which or #order]
  if not bufnr then
    local problem = #order == 0 and 'There is no answer yet.' or ('There are %d answers.'):format(#order)
    vim.notify(problem, vim.log.levels.INFO)
    return
  end
  sheet.show(bufnr)
end

--- @return integer # how many sheets there are
function M.count()
  return #order
end

return M
