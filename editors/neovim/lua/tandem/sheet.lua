--- A buffer that text is appended to while it comes, and the window that it is shown in: a scratch buffer of Markdown
--- that is in no list, has no swap file and outlives its window.
local config = require('tandem.config')

local M = {}

local counter = 0
local progress = vim.api.nvim_create_namespace('tandem.progress')

--- @return integer bufnr
function M.create()
  counter = counter + 1
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, ('tandem://answers/%d'):format(counter))
  local options = vim.bo[bufnr]
  options.buftype, options.bufhidden, options.swapfile = 'nofile', 'hide', false
  options.undolevels, options.modifiable = -1, false
  vim.b[bufnr].tandem_answer = true
  options.filetype = 'markdown'
  return bufnr
end

--- @return boolean
function M.is_sheet(bufnr)
  return vim.api.nvim_buf_is_valid(bufnr) and vim.b[bufnr].tandem_answer == true
end

local function windows_of(bufnr)
  return vim.fn.win_findbuf(bufnr)
end

--- Appends text; windows whose cursor is on the last line go along with it.
--- @param bufnr integer
--- @param text string
--- @return integer row where it begins, from 0
--- @return integer column in bytes
function M.append(bufnr, text)
  local row = vim.api.nvim_buf_line_count(bufnr) - 1
  local column = #vim.api.nvim_buf_get_lines(bufnr, row, row + 1, true)[1]
  local following = vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == row + 1
  end, windows_of(bufnr))
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_text(bufnr, row, column, row, column, vim.split(text, '\n', { plain = true }))
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  local last = vim.api.nvim_buf_line_count(bufnr)
  for _, window in ipairs(following) do
    vim.api.nvim_win_set_cursor(window, { last, 0 })
  end
  return row, column
end

--- Shows what goes on below the text, as no part of it.
--- @param bufnr integer
--- @param line? string nil: nothing
function M.show_progress(bufnr, line)
  vim.api.nvim_buf_clear_namespace(bufnr, progress, 0, -1)
  if line then
    local last = vim.api.nvim_buf_line_count(bufnr) - 1
    vim.api.nvim_buf_set_extmark(
      bufnr,
      progress,
      last,
      0,
      { virt_lines = { { { '… ' .. line, 'TandemProgress' } } } }
    )
  end
end

--- What stands above the text in its window.
--- @param bufnr integer
--- @param title string
--- @param hints string which keys there are; cut off first
function M.set_title(bufnr, title, hints)
  -- Evaluated once only, so that a `%` in a question is a `%`.
  vim.b[bufnr].tandem_title, vim.b[bufnr].tandem_hints = title, hints
end

local function place(bufnr)
  local answers = config.get().answers
  local is_beside = answers.position == 'right' or answers.position == 'left'
  local options = { split = answers.position, win = -1 }
  if is_beside then
    options.width = math.max(20, math.floor(vim.o.columns * answers.size))
  else
    options.height = math.max(5, math.floor(vim.o.lines * answers.size))
  end
  return vim.api.nvim_open_win(bufnr, answers.focus, options)
end

--- Shows a sheet in this tab page: where it is shown already, in place of another sheet, or in a window of its own. The
--- cursor stays where it is, unless `answers.focus` says otherwise.
--- @param bufnr integer
--- @return integer? window nil where none can be opened now, as in the command line window
function M.show(bufnr)
  local window
  for _, candidate in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    local shown = vim.api.nvim_win_get_buf(candidate)
    if shown == bufnr or (not window and M.is_sheet(shown)) then
      window = candidate
    end
  end
  if window then
    if vim.api.nvim_win_get_buf(window) ~= bufnr then
      vim.api.nvim_win_set_buf(window, bufnr)
    end
  else
    local opened, made = pcall(place, bufnr)
    if not opened then
      return nil
    end
    window = made
  end
  local options = vim.wo[window][0]
  options.wrap, options.linebreak, options.breakindent = true, true, true
  options.number, options.relativenumber, options.spell, options.list = false, false, false, false
  options.signcolumn, options.foldcolumn, options.colorcolumn = 'no', '0', ''
  options.winbar = " %{get(b:, 'tandem_title', '')}  %<%{get(b:, 'tandem_hints', '')}"
  return window
end

return M
