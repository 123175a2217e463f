--- What happens to a buffer when a server is attached to it, and when it leaves.
local ghost = require('tandem.ghost')
local keys = require('tandem.keys')
local status = require('tandem.status')

local M = {}

--- @param client vim.lsp.Client
--- @param bufnr integer
function M.attach(client, bufnr)
  require('tandem.highlights').define()
  if client:supports_method('textDocument/inlineCompletion', bufnr) then
    ghost.enable(bufnr)
    keys.attach(bufnr)
  end
  status.fetch(client)
  status.tell('TandemAttach', { client_id = client.id, buf = bufnr })
end

--- @param client vim.lsp.Client
--- @param bufnr integer
function M.detach(client, bufnr)
  local others = vim.tbl_filter(function(other)
    return other.id ~= client.id
  end, vim.lsp.get_clients({ bufnr = bufnr, name = 'tandem' }))
  if #others == 0 then
    keys.detach(bufnr)
  end
  status.tell('TandemDetach', { client_id = client.id, buf = bufnr })
end

--- Takes changed options over for the buffers that are attached.
function M.renew()
  for _, client in ipairs(vim.lsp.get_clients({ name = 'tandem' })) do
    for bufnr in pairs(client.attached_buffers) do
      ghost.enable(bufnr)
      keys.attach(bufnr)
    end
  end
end

return M
