--- The language server as a client of this editor: where it starts, how it is asked, and what happens when it ends.
local config = require('tandem.config')

local M = {}

--- ms between the end of a server and its next start; each further time takes the next one.
local PAUSES = { 500, 2000, 8000 }
--- s after which an end is forgotten.
local FORGETS = 300

local is_missing_told = false
--- Times (s) at which servers ended by themselves.
local ends = {}

local MISSING = [[Tandem: there is no program `%s` to start.
Install it (`make install` in its repository puts it into ~/.cargo/bin) and have it on the PATH of Neovim, or name it:
require('tandem').setup({ cmd = { '/path/to/tandem', 'serve' } }). Then :Tandem restart. More: :checkhealth tandem]]

local GIVEN_UP = [[Tandem ended by itself %d times within a few minutes and is left alone now.
:Tandem log tells why, :Tandem restart tries again.]]

--- The program that would be started, and its whole path where there is one.
--- @return string? name nil where the command is a function of the user's
--- @return string? path
function M.binary()
  local wanted = vim.lsp.config.tandem and vim.lsp.config.tandem.cmd
  if type(wanted) ~= 'table' then
    return nil
  end
  local path = vim.fn.exepath(vim.fs.normalize(wanted[1]))
  return wanted[1], path ~= '' and path or nil
end

--- Says that the program is missing, where it is: once, and not for every buffer. Neovim only writes it into its log.
--- @return boolean # it is there
function M.check_binary()
  local wanted, path = M.binary()
  local is_missing = wanted ~= nil and path == nil
  if is_missing and not is_missing_told then
    is_missing_told = true
    vim.notify(MISSING:format(wanted), vim.log.levels.ERROR)
  end
  return not is_missing
end

--- `root_dir` of the configuration. Starts nothing for what is no file.
--- @param bufnr integer
--- @param on_dir fun(root?: string)
function M.choose_root(bufnr, on_dir)
  local name = vim.api.nvim_buf_get_name(bufnr)
  local is_elsewhere = name:match('^%a[%w+.-]+://') and not vim.startswith(name, 'file://')
  if vim.bo[bufnr].buftype == '' and not is_elsewhere then
    on_dir(vim.fs.root(bufnr, vim.lsp.config.tandem.root_markers or {}))
  end
end

--- The server of a buffer; of any, where it has none and `anywhere` is true: questions can be about a folder.
--- @param bufnr? integer default: the current one
--- @param anywhere? boolean
--- @return vim.lsp.Client?
function M.get(bufnr, anywhere)
  local own = vim.lsp.get_clients({ bufnr = bufnr or 0, name = 'tandem' })[1]
  if own or not anywhere then
    return own
  end
  local all = vim.lsp.get_clients({ name = 'tandem' })
  return all[#all]
end

--- The same, and a message where there is none.
--- @return vim.lsp.Client?
function M.need(bufnr, anywhere)
  local client = M.get(bufnr, anywhere)
  if not client then
    local problem = 'Tandem is not attached to this buffer. :checkhealth tandem says what is missing.'
    vim.notify(problem, vim.log.levels.WARN)
  end
  return client
end

--- Sends a request. An error is shown; `on_result` gets results alone.
--- @param client vim.lsp.Client
--- @param method string
--- @param params? table
--- @param on_result? fun(result: any)
--- @param bufnr? integer its pending edits are sent before the request
function M.request(client, method, params, on_result, bufnr)
  local sent = client:request(method, params, function(problem, result)
    if problem then
      vim.notify('Tandem: ' .. (problem.message or vim.inspect(problem)), vim.log.levels.WARN)
    elseif on_result then
      on_result(result)
    end
  end, bufnr)
  if not sent then
    vim.notify('Tandem is not running any more. :Tandem restart starts it again.', vim.log.levels.WARN)
  end
end

--- Runs a command of the server.
--- @param client vim.lsp.Client
--- @param command string
--- @param arguments? any[]
--- @param on_result? fun(result: any)
--- @param bufnr? integer
function M.execute(client, command, arguments, on_result, bufnr)
  local params = { command = command, arguments = arguments }
  M.request(client, 'workspace/executeCommand', params, on_result, bufnr)
end

--- Starts or joins the server for buffers, by the configuration as it is now. `vim.lsp.enable` would do it for every
--- other server, too, and wake those that the user stopped.
--- @param buffers integer[]
local function start(buffers)
  local settings = vim.lsp.config.tandem
  if not M.check_binary() then
    return
  end
  for _, bufnr in ipairs(buffers) do
    local wanted = vim.api.nvim_buf_is_loaded(bufnr)
      and (not settings.filetypes or vim.tbl_contains(settings.filetypes, vim.bo[bufnr].filetype))
    local function begin(root)
      local own = vim.deepcopy(settings)
      own.root_dir = root
      vim.lsp.start(own, { bufnr = bufnr })
    end
    if wanted and type(settings.root_dir) == 'function' then
      settings.root_dir(bufnr, begin)
    elseif wanted then
      begin(settings.root_dir or vim.fs.root(bufnr, settings.root_markers or {}))
    end
  end
end

--- Ends all servers and starts them again; starts them where there are none.
function M.restart()
  is_missing_told, ends = false, {}
  for _, client in ipairs(vim.lsp.get_clients({ name = 'tandem' })) do
    client:stop(2000)
  end
  -- Neovim would take an ending client for a running one.
  vim.wait(4000, function()
    return #vim.lsp.get_clients({ name = 'tandem', _uninitialized = true }) == 0
  end, 20)
  local buffers = vim.tbl_filter(function(bufnr)
    return vim.bo[bufnr].filetype ~= ''
  end, vim.api.nvim_list_bufs())
  start(buffers)
end

--- A server that ended by itself is started again, a few times and with growing pauses.
--- @param client_id integer
--- @param buffers integer[] those it was attached to
--- @param was_asked_to boolean somebody stopped it
function M.on_exit(client_id, buffers, was_asked_to)
  require('tandem.status').forget(client_id)
  if package.loaded['tandem.answers'] then
    require('tandem.answers').on_server_end(client_id)
  end
  if was_asked_to or vim.v.exiting ~= vim.NIL or not vim.lsp.is_enabled('tandem') then
    return
  end
  local now = vim.uv.hrtime() / 1e9
  ends = vim.tbl_filter(function(time)
    return now - time < FORGETS
  end, ends)
  table.insert(ends, now)
  if #ends > config.get().restart then
    vim.notify(GIVEN_UP:format(#ends), vim.log.levels.ERROR)
    return
  end
  vim.defer_fn(function()
    start(buffers)
  end, PAUSES[math.min(#ends, #PAUSES)])
end

return M
