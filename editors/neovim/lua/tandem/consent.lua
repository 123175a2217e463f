--- Asks before anything leaves the machine (`tandem/consent`). Whatever is not a clear yes is a no: closing the window,
--- a key that was meant for the code, an error, ten minutes.
local config = require('tandem.config')
local quiet = require('tandem.quiet')
local text = require('tandem.consent_text')
local view = require('tandem.view')

local M = {}

--- ms after which the server takes silence for a no.
local PATIENCE = 600 * 1000

--- ms for which a window that just came under the cursor takes no choice: whoever goes on typing has not read it yet.
M.pause_ms = 1000

local FOOTER = { waiting = ' q does not send ', ready = ' Enter chooses · q does not send ' }

--- Requests that wait, the first one being asked.
local queue = {}

local ask_next

local function finish(entry, choice)
  if entry.is_over then
    return
  end
  entry.is_over = true
  queue = vim.tbl_filter(function(other)
    return other ~= entry
  end, queue)
  if entry.window and vim.api.nvim_win_is_valid(entry.window) then
    vim.api.nvim_win_close(entry.window, true)
  end
  if not entry.timer:is_closing() then
    entry.timer:stop()
    entry.timer:close()
  end
  entry.answer(choice)
  ask_next()
end

local function show_payload(request)
  view.tab('What would be sent', vim.split(request.payload or '', '\n', { plain = true }), 'markdown')
end

local function choose(entry, name)
  if name == 'show' then
    show_payload(entry.request)
  elseif name then
    finish(entry, name)
  end
end

local function set_footer(entry, footer)
  if vim.api.nvim_win_is_valid(entry.window) then
    vim.api.nvim_win_set_config(entry.window, { footer = footer, footer_pos = 'center' })
  end
end

--- The cursor came into the window, for the first time or again: choices count after a pause.
local function on_focus(entry)
  entry.focus = (entry.focus or 0) + 1
  entry.is_ready = false
  set_footer(entry, FOOTER.waiting)
  local this = entry.focus
  vim.defer_fn(function()
    if not entry.is_over and entry.focus == this then
      entry.is_ready = true
      set_footer(entry, FOOTER.ready)
    end
  end, M.pause_ms)
end

--- Goes into the window, with the cursor on the no, as soon as nobody types.
local function enter(entry, row)
  quiet.wait(function()
    vim.api.nvim_set_current_win(entry.window)
    vim.api.nvim_win_set_cursor(entry.window, { row, 3 })
  end, function()
    return entry.is_over or not vim.api.nvim_win_is_valid(entry.window)
  end)
end

local function open_window(entry)
  local lines, marks, choices = text.render(entry.request)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  view.mark(bufnr, marks)
  local geometry = view.geometry(lines)
  geometry.title, geometry.title_pos = ' Send this? ', 'center'
  geometry.footer, geometry.footer_pos = FOOTER.waiting, 'center'
  entry.window = vim.api.nvim_open_win(bufnr, false, geometry)
  vim.wo[entry.window][0].cursorline, vim.wo[entry.window][0].wrap = true, true
  vim.bo[bufnr].filetype = 'tandem-consent'
  local function map(key, act)
    vim.keymap.set('n', key, act, { buffer = bufnr, nowait = true, silent = true })
  end
  vim.api.nvim_create_autocmd('WinEnter', {
    buffer = bufnr,
    callback = function()
      on_focus(entry)
    end,
  })
  map('<CR>', function()
    if not entry.is_ready then
      return
    end
    choose(entry, choices[vim.api.nvim_win_get_cursor(0)[1]])
  end)
  for _, key in ipairs({ 'q', '<Esc>' }) do
    map(key, function()
      finish(entry, 'no')
    end)
  end
  vim.api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(entry.window),
    once = true,
    callback = function()
      finish(entry, 'no')
    end,
  })
  for row, name in pairs(choices) do
    if name == 'no' then
      enter(entry, row)
    end
  end
end

local function give_up(entry, problem)
  vim.notify(
    'Tandem cannot ask whether something may be sent, so nothing is: ' .. tostring(problem),
    vim.log.levels.ERROR
  )
  finish(entry, 'no')
end

local open_select

local function show_select(entry)
  local request = entry.request
  vim.ui.select(text.choices(request), {
    kind = 'tandem_consent',
    prompt = request.message or ('Send to %s?'):format(request.host),
    format_item = function(choice)
      return choice.title
    end,
  }, function(choice)
    if choice and choice.name == 'show' then
      show_payload(request)
      -- A tab page is there to be read; asked again when it is closed.
      vim.api.nvim_create_autocmd('TabClosed', {
        once = true,
        callback = vim.schedule_wrap(function()
          if not entry.is_over then
            open_select(entry)
          end
        end),
      })
    else
      finish(entry, choice and choice.name or 'no')
    end
  end)
end

--- A menu may take the next keys, whatever they were meant for, so it waits until nobody types.
function open_select(entry)
  quiet.wait(function()
    local opened, problem = pcall(show_select, entry)
    if not opened then
      give_up(entry, problem)
    end
  end, function()
    return entry.is_over == true
  end)
end

function ask_next()
  local entry = queue[1]
  if not entry or entry.is_asked then
    return
  end
  entry.is_asked = true
  require('tandem.highlights').define()
  local opened, problem = pcall(config.get().consent == 'select' and open_select or open_window, entry)
  if not opened then
    give_up(entry, problem)
  end
end

--- Asks; `answer` is called once.
--- @param request table
--- @param client_id integer
--- @param answer fun(choice: 'once'|'workspace'|'no')
function M.ask(request, client_id, answer)
  local entry = { request = request, client_id = client_id, answer = answer }
  entry.timer = vim.defer_fn(function()
    finish(entry, 'no')
  end, PATIENCE)
  table.insert(queue, entry)
  require('tandem.status').tell('TandemConsent', { client_id = client_id, question = request.question })
  ask_next()
end

--- The question is over, or all of a server are: nothing is to be asked any more.
--- @param client_id integer
--- @param question? integer
function M.close(client_id, question)
  for _, entry in ipairs(vim.list_slice(queue)) do
    if entry.client_id == client_id and (question == nil or entry.request.question == question) then
      finish(entry, 'no')
    end
  end
end

--- Handler of the request. Neovim runs it in a coroutine of its own, which waits for the user.
function M.on_request(_, request, context)
  local waiting = coroutine.running()
  local is_asked, problem = pcall(M.ask, request, context.client_id, function(choice)
    -- The answer may come before this function waits for it.
    vim.schedule(function()
      coroutine.resume(waiting, { choice = choice })
    end)
  end)
  if not is_asked then
    vim.notify('Tandem cannot ask whether something may be sent: ' .. tostring(problem), vim.log.levels.ERROR)
    return { choice = 'no' }
  end
  return coroutine.yield()
end

return M
