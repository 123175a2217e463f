--- The places that an answer names: marked where they stand, and opened when the user wants to see them. Only the
--- server says which ones are real; nothing else in an answer leads anywhere.
local M = {}

local namespace = vim.api.nvim_create_namespace('tandem.citations')

--- By buffer and mark: the citation.
local targets = {}

--- Where byte `offset` of `text` lies, if the text begins at row and column.
local function place(text, offset, row, column)
  local before = text:sub(1, offset)
  local _, breaks = before:gsub('\n', '')
  if breaks == 0 then
    return row, column + offset
  end
  return row + breaks, #before:match('[^\n]*$')
end

--- Marks the citations of a piece of text that was just appended.
--- @param bufnr integer
--- @param text string the piece
--- @param citations table[] as `tandem/answer` has them
--- @param row integer where the piece begins, from 0
--- @param column integer
--- @param encoding 'utf-8'|'utf-16'|'utf-32' of `at`
function M.mark(bufnr, text, citations, row, column, encoding)
  targets[bufnr] = targets[bufnr] or {}
  for _, citation in ipairs(citations) do
    local start = vim.str_byteindex(text, encoding, citation.at or 0, false)
    local from_row, from_column = place(text, start, row, column)
    local to_row, to_column = place(text, start + #citation.text, row, column)
    local mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, from_row, from_column, {
      end_row = to_row,
      end_col = to_column,
      hl_group = citation.isVerified and 'TandemCitation' or 'TandemUnverified',
      -- Above what Markdown makes of it.
      priority = 200,
    })
    targets[bufnr][mark] = citation
  end
end

--- The citation under the cursor of the current window, or else the only one of its line.
--- @return table?
function M.under_cursor()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local of_line = {}
  local marks = vim.api.nvim_buf_get_extmarks(bufnr, namespace, { row - 1, 0 }, { row - 1, -1 }, { details = true })
  for _, mark in ipairs(marks) do
    local citation = targets[bufnr] and targets[bufnr][mark[1]]
    if citation and mark[3] <= column and column < mark[4].end_col then
      return citation
    end
    table.insert(of_line, citation)
  end
  return #of_line == 1 and of_line[1] or nil
end

local function is_for_code(window)
  local bufnr = vim.api.nvim_win_get_buf(window)
  local is_floating = vim.api.nvim_win_get_config(window).relative ~= ''
  return not is_floating and vim.bo[bufnr].buftype == '' and not vim.wo[window].winfixbuf
end

--- A window for code: the one that the user came from, another of this tab page, or a new one.
local function window_for_code()
  local previous = vim.fn.win_getid(vim.fn.winnr('#'))
  local candidates = vim.list_extend({ previous }, vim.api.nvim_tabpage_list_wins(0))
  for _, window in ipairs(candidates) do
    if window ~= 0 and vim.api.nvim_win_is_valid(window) and is_for_code(window) then
      return window
    end
  end
  return vim.api.nvim_open_win(0, false, { split = 'left', win = 0 })
end

--- Opens a checked citation beside the answer, with the cursor on its line.
--- @param citation table
--- @return boolean
function M.open(citation)
  if not citation.isVerified or type(citation.uri) ~= 'string' then
    vim.notify(('`%s` was not found in the files: nothing stands there.'):format(citation.text), vim.log.levels.WARN)
    return false
  end
  if not vim.startswith(citation.uri, 'file://') then
    vim.notify(('`%s` is no file.'):format(citation.uri), vim.log.levels.WARN)
    return false
  end
  local target = vim.fn.bufadd(vim.uri_to_fname(citation.uri))
  vim.bo[target].buflisted = true
  vim.api.nvim_set_current_win(window_for_code())
  vim.cmd("normal! m'")
  -- A window whose text is changed and may not be hidden keeps it.
  if not pcall(vim.api.nvim_win_set_buf, 0, target) then
    vim.cmd.split()
    vim.api.nvim_win_set_buf(0, target)
  end
  local line = math.max(1, math.min(citation.line or 1, vim.api.nvim_buf_line_count(target)))
  vim.api.nvim_win_set_cursor(0, { line, 0 })
  vim.cmd('normal! ^zvzz')
  return true
end

--- @param bufnr integer
function M.forget(bufnr)
  targets[bufnr] = nil
end

return M
