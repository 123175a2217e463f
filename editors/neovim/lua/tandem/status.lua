--- What the servers said last about themselves, and who is told when it changes.
local M = {}

--- By client: the newest `tandem/status`.
local known = {}
local shown = {}

--- Runs the `User` autocommands of `event`; `data` is what they find in `ev.data`.
--- @param event string
--- @param data table
function M.tell(event, data)
  vim.api.nvim_exec_autocmds('User', { pattern = event, modeline = false, data = data })
end

local function take(client_id, status)
  known[client_id] = status
  M.tell('TandemStatus', { client_id = client_id, status = status })
  -- Ten times a second is too often to draw a line that says the same.
  local line = require('tandem.statusline').format(status)
  if shown[client_id] ~= line then
    shown[client_id] = line
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Handler of the notification.
function M.on_status(_, status, context)
  if type(status) == 'table' then
    take(context.client_id, status)
  end
end

--- Asks for the status: notifications come only when something changes.
--- @param client vim.lsp.Client
--- @param on_status? fun(status: table)
function M.fetch(client, on_status)
  client:request('tandem/status', nil, function(problem, status)
    if not problem and type(status) == 'table' then
      take(client.id, status)
      if on_status then
        on_status(status)
      end
    end
  end)
end

--- The status of the server of a buffer; nil where there is none or it said nothing yet.
--- @param bufnr? integer
--- @return table?
function M.of(bufnr)
  local client = require('tandem.client').get(bufnr)
  return client and known[client.id] or nil
end

--- @param bufnr? integer
--- @return string
function M.line(bufnr)
  local client = package.loaded['vim.lsp'] and require('tandem.client').get(bufnr)
  if not client then
    return ''
  end
  return require('tandem.statusline').format(known[client.id] or {})
end

--- @param client_id integer
function M.forget(client_id)
  known[client_id], shown[client_id] = nil, nil
end

return M
