--- Ghost text: Neovim draws it and asks for it (`vim.lsp.inline_completion`), this does with it what Neovim has no
--- function for.
---
--- Neovim 0.12 lets nobody see what is shown, or show what is left. What it keeps for each buffer, its completor, is
--- looked up where it lies today, and everything that needs it does without where it does not lie there: a key then
--- never inserts anything wrong.
local accept = require('tandem.accept')
local config = require('tandem.config')

local M = {}

local TRIGGER = vim.lsp.protocol.InlineCompletionTriggerKind

--- ms. Neovim accepts in a scheduled function, which is run at once when somebody waits for it.
local ACCEPT = 1000

--- @return table? # what Neovim knows of the ghost text of a buffer
local function completor(bufnr)
  local found, capability = pcall(require, 'vim.lsp._capability')
  local kind = found and vim.tbl_get(capability, 'all', 'inline_completion')
  return kind and kind.active and kind.active[vim._resolve_bufnr(bufnr or 0)] or nil
end

local function in_insert_mode()
  -- Not 'R' or 'Rv': there typing replaces.
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

--- While a macro is recorded or played, what is inserted must not depend on what a model thinks.
local function in_macro()
  return vim.fn.reg_recording() ~= '' or vim.fn.reg_executing() ~= ''
end

--- What is left of an item at the cursor; nil where the cursor is elsewhere, or something else was typed.
--- Neovim 0.12.4 would insert once more what was typed since the suggestion came (neovim#36529).
--- @return string?
local function rest_of(item)
  if not item.range then
    return item.insert_text
  end
  local row, column, _, last = item.range:to_extmark()
  local cursor = vim.api.nvim_win_get_cursor(0)
  if cursor[1] ~= row + 1 or cursor[2] < column then
    return nil
  end
  -- A range that covers something is replaced by Neovim as a whole.
  local typed = vim.api.nvim_get_current_line():sub(column + 1, math.max(cursor[2], last))
  return accept.rest(item.insert_text, typed)
end

--- Shows what is left of `item`. Without it Neovim shows nothing until the answer to the next request.
local function show_rest(bufnr, item, rest)
  local shown = completor(bufnr)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if not shown or not client or not vim.tbl_get(shown, 'client_state', item.client_id) or not shown.select then
    return
  end
  local position = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  local range = { start = position, ['end'] = position }
  shown.client_state[item.client_id].items = { { insertText = rest, range = range, command = item.command } }
  shown:select(1)
end

--- Inserts `part` of `item` at the cursor, so that `u` takes it back alone and `.` repeats it.
--- @return boolean # false where nothing is left to insert
local function insert(item, part)
  local bufnr = vim.api.nvim_get_current_buf()
  local rest = rest_of(item)
  if not rest or rest == '' then
    return false
  end
  local piece = accept.part(rest, part)
  vim.go.undolevels = vim.go.undolevels
  vim.api.nvim_paste(piece, false, -1)
  if #piece < #rest then
    show_rest(bufnr, item, rest:sub(#piece + 1))
  elseif item.command then
    local client = vim.lsp.get_client_by_id(item.client_id)
    if client then
      client:exec_cmd(item.command, { bufnr = bufnr })
    end
  end
  return true
end

--- Whether a suggestion is on the screen.
--- @return boolean
function M.is_shown()
  local shown = completor(0)
  return shown ~= nil and shown.current ~= nil
end

--- Inserts the shown suggestion or a part of it, before the next key is looked at.
--- @param part 'all'|'word'|'line'
--- @return boolean # false where there is nothing to insert
function M.accept(part)
  if not in_insert_mode() or in_macro() or vim.fn.pumvisible() == 1 then
    return false
  end
  local outcome
  local has_begun = vim.lsp.inline_completion.get({
    on_accept = function(item)
      if type(item.insert_text) == 'string' then
        outcome = insert(item, part)
        return nil
      end
      outcome = true
      return item
    end,
  })
  if not has_begun then
    return false
  end
  vim.schedule(function()
    outcome = outcome or false
  end)
  vim.wait(ACCEPT, function()
    return outcome ~= nil
  end, 1)
  return outcome == true
end

--- Takes the suggestion off the screen, and the request for the next one back.
--- @return boolean
function M.dismiss()
  return vim.lsp.inline_completion.get({
    on_accept = function()
      return nil
    end,
  })
end

--- Asks for suggestions as a key does, for several candidates.
--- @param count? integer moves on by so many when they are there
--- @return boolean
function M.trigger(count)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = require('tandem.client').get(bufnr)
  if not client or not completor(bufnr) or not in_insert_mode() then
    return false
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = TRIGGER.Invoked }
  local tick, cursor = vim.b.changedtick, vim.api.nvim_win_get_cursor(0)
  client:request('textDocument/inlineCompletion', params, function(problem, result, context)
    local shown = completor(bufnr)
    local is_here = vim.api.nvim_get_current_buf() == bufnr
      and vim.b.changedtick == tick
      and vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if problem or not shown or not is_here then
      return
    end
    shown:handler(nil, result, context)
    if count then
      vim.lsp.inline_completion.select({ bufnr = bufnr, count = count })
    end
  end, bufnr)
  return true
end

--- Shows another candidate. Typing asks for one; more are asked for when somebody wants to see them.
--- @param count integer
--- @return boolean
function M.cycle(count)
  local shown = completor(0)
  if not shown or not shown.current then
    return false
  end
  if shown:count_items() > 1 then
    vim.lsp.inline_completion.select({ count = count })
    return true
  end
  return M.trigger(count)
end

local ACTIONS = {
  accept = function()
    return M.accept('all')
  end,
  ['accept-word'] = function()
    return M.accept('word')
  end,
  ['accept-line'] = function()
    return M.accept('line')
  end,
  next = function()
    return M.cycle(1)
  end,
  previous = function()
    return M.cycle(-1)
  end,
  dismiss = M.dismiss,
  trigger = M.trigger,
}

--- Runs what a key or a mapping is for.
--- @param name string with `-`, or `_` as options are written
--- @return boolean # false where there was nothing to do
function M.act(name)
  return ACTIONS[(name:gsub('_', '-'))]()
end

--- Those items of an answer that go on at the cursor. Neovim would cut others by as many letters as were typed since
--- they were asked for, whatever was typed.
--- @param items table[] as the server sent them
--- @return table[]
local function items_that_fit(bufnr, items, encoding)
  return vim.tbl_filter(function(item)
    if not item.range or type(item.insertText) ~= 'string' then
      return true
    end
    -- The place may be gone meanwhile.
    local found, range = pcall(vim.range.lsp, bufnr, item.range, encoding)
    return found and rest_of({ range = range, insert_text = item.insertText }) ~= nil
  end, items)
end

--- Takes ghost text away that what was typed does not go along with. Neovim leaves it until the next answer.
local function drop_what_was_left(shown)
  local item = shown.current
  if item and type(item.insert_text) == 'string' and not rest_of(item) then
    shown:hide()
    shown.current = nil
  end
end

--- Neovim asks 200 ms after the last key. The server knows how long its model takes and waits by itself where that is
--- long, so here only keys that come together are taken together.
local function tune(bufnr)
  local shown = completor(bufnr)
  if
    not shown
    or shown.is_tuned_by_tandem
    or not (shown.show and shown.hide and shown.request and shown.reset_timer and shown.handler)
  then
    return
  end
  shown.is_tuned_by_tandem = true
  local take = shown.handler
  --- An answer that comes after another key was typed leaves what is shown, unless it goes on at the cursor.
  function shown:handler(problem, result, context)
    local client = context and vim.lsp.get_client_by_id(context.client_id)
    local items = type(result) == 'table' and (result.items or result) or {}
    if not problem and client and #items > 0 and vim.api.nvim_get_current_buf() == self.bufnr then
      result = items_that_fit(self.bufnr, items, client.offset_encoding)
      if #result == 0 then
        return
      end
    end
    take(self, problem, result, context)
  end
  function shown:automatic_request()
    if in_macro() or not in_insert_mode() then
      self:abort()
      return
    end
    if vim.api.nvim_get_current_buf() == self.bufnr then
      drop_what_was_left(self)
    end
    self:show()
    self:reset_timer()
    self.timer = vim.defer_fn(function()
      if in_insert_mode() and vim.api.nvim_get_current_buf() == self.bufnr then
        self:request(TRIGGER.Automatic)
      end
    end, config.get().ghost_text.delay_ms)
  end
end

--- Neovim asks at keys. Those that were typed before the server was there count, too.
local function ask_for_what_is_typed(bufnr)
  local shown = completor(bufnr)
  if shown and shown.automatic_request and vim.api.nvim_get_current_buf() == bufnr and in_insert_mode() then
    shown:automatic_request()
  end
end

--- Shows ghost text in a buffer from now on, or no longer.
--- @param bufnr integer
function M.enable(bufnr)
  local is_wanted = config.get().ghost_text.enabled
  vim.lsp.inline_completion.enable(is_wanted, { bufnr = bufnr })
  if not is_wanted then
    return
  end
  -- Neovim makes the completor in a function that is scheduled after the autocommand that this is called from.
  vim.schedule(function()
    vim.schedule(function()
      if vim.api.nvim_buf_is_valid(bufnr) then
        tune(bufnr)
        ask_for_what_is_typed(bufnr)
      end
    end)
  end)
end

return M
