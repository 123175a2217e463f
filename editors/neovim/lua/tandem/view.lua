--- Windows for what is read once: a float that `q` closes, or a tab page for long texts.
local M = {}

local function scratch(lines, filetype)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  if filetype then
    vim.bo[bufnr].filetype = filetype
  end
  return bufnr
end

local function closes(bufnr, keys)
  for _, key in ipairs(keys) do
    vim.keymap.set('n', key, '<Cmd>close<CR>', { buffer = bufnr, nowait = true, silent = true, desc = 'Close' })
  end
end

--- The geometry of a float in the middle of the screen that shows these lines, as far as they fit.
--- @param lines string[]
--- @return table
function M.geometry(lines)
  local width = 40
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line) + 1)
  end
  width = math.max(1, math.min(width, vim.o.columns - 4))
  local height = 0
  for _, line in ipairs(lines) do
    height = height + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  height = math.max(1, math.min(height, vim.o.lines - 6))
  return {
    relative = 'editor',
    width = width,
    height = height,
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    style = 'minimal',
    border = 'rounded',
  }
end

--- @class tandem.Mark
--- @field line integer from 1
--- @field from integer byte column from 0
--- @field to integer byte column after it; -1 is the end of the line
--- @field group string

--- @param bufnr integer
--- @param marks tandem.Mark[]
function M.mark(bufnr, marks)
  local namespace = vim.api.nvim_create_namespace('tandem.view')
  for _, mark in ipairs(marks or {}) do
    local line = vim.api.nvim_buf_get_lines(bufnr, mark.line - 1, mark.line, true)[1]
    vim.api.nvim_buf_set_extmark(bufnr, namespace, mark.line - 1, mark.from, {
      end_col = mark.to == -1 and #line or mark.to,
      hl_group = mark.group,
    })
  end
end

--- Shows lines in a float and goes into it.
--- @param title string
--- @param lines string[]
--- @param options? { filetype?: string, marks?: tandem.Mark[] }
--- @return integer window
function M.float(title, lines, options)
  options = options or {}
  local bufnr = scratch(lines, options.filetype)
  M.mark(bufnr, options.marks)
  closes(bufnr, { 'q', '<Esc>' })
  local geometry = M.geometry(lines)
  geometry.title = (' %s '):format(title)
  local window = vim.api.nvim_open_win(bufnr, true, geometry)
  vim.wo[window][0].wrap, vim.wo[window][0].linebreak = true, true
  return window
end

--- Shows lines in a tab page of their own.
--- @param title string
--- @param lines string[]
--- @param filetype? string
function M.tab(title, lines, filetype)
  vim.cmd.tabnew()
  local empty = vim.api.nvim_get_current_buf()
  local bufnr = scratch(lines, filetype)
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.api.nvim_buf_delete(empty, { force = true })
  vim.b[bufnr].tandem_title = (' %s   q closes'):format(title)
  vim.wo[0][0].winbar = "%{get(b:, 'tandem_title', '')}"
  closes(bufnr, { 'q' })
end

return M
