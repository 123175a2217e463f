--- A Neovim to drive: started as a user starts it, with an `init.lua` and nothing else, but without a terminal. Keys go
--- in by `nvim_input`, and what comes back is read from the cells of its screen.
local check = require('check')
local scratch = require('scratch')

local Neovim = {}
Neovim.__index = Neovim

--- Starts it in the workspace of `scratch.home(name, settings)` without a plugin: with the snippet that the
--- documentation has for that as its `init.lua`, and `more` below that.
function Neovim.start(name, settings, more)
  return Neovim.with_init(name, settings, scratch.snippet('docs/editors/neovim.md', 'lua native') .. (more or ''))
end

--- Starts it with the plugin in a package that Neovim loads by itself, `init` as its `init.lua`, and more arguments, if
--- any.
function Neovim.with_plugin(name, settings, init, arguments)
  return Neovim.with_init(name, settings, init, function(environment)
    scratch.copy_plugin(environment.XDG_DATA_HOME .. '/nvim/site/pack/any/start/tandem')
  end, arguments)
end

--- Starts it with `init` as its `init.lua`. `prepare` gets the environment before that.
function Neovim.with_init(name, settings, init, prepare, arguments)
  local environment, workspace = scratch.home(name, settings)
  scratch.write(environment.XDG_CONFIG_HOME .. '/nvim/init.lua', init)
  if prepare then
    prepare(environment, workspace)
  end
  local self = setmetatable({ environment = environment, workspace = workspace, name = name }, Neovim)
  local command = { scratch.editors .. '/bin/nvim', '--embed', '--headless' }
  self.channel = vim.fn.jobstart(vim.list_extend(command, arguments or {}), {
    rpc = true,
    cwd = workspace,
    env = environment,
    on_exit = function()
      self.ended = true
    end,
  })
  assert(self.channel > 0, 'cannot start Neovim')
  -- An init.lua that waits for something lets requests in.
  check.wait('the end of init.lua', function()
    return self:lua('return vim.v.vim_did_enter') == 1
  end)
  -- Instruments that change nothing: a record of the protocol, and of each request's fate.
  self:lua([[
    vim.o.columns, vim.o.lines = 120, 40
    vim.lsp.log.set_level('debug')
    _G.fates, _G.told = {}, {}
    vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
      table.insert(_G.fates, { id = event.data.request_id, method = event.data.request.method, type = event.data.request.type })
    end })
    vim.lsp.handlers['tandem/status'] = function(_, status) table.insert(_G.told, status) end
  ]])
  return self
end

--- Runs a chunk in the editor; its `...` are the arguments.
function Neovim:lua(chunk, ...)
  return vim.rpcrequest(self.channel, 'nvim_exec_lua', chunk, { ... })
end

--- Types. `<Esc>` and the like are keys.
function Neovim:type(keys)
  local rest = keys
  while #rest > 0 do
    local taken = vim.rpcrequest(self.channel, 'nvim_input', rest)
    rest = rest:sub(taken + 1)
  end
end

--- Types and waits until the editor has worked off the keys and shows `expected` as the cursor's line, apart from ghost
--- text.
function Neovim:enter(keys, expected)
  self:type(keys)
  check.wait(('the line %q'):format(expected), function()
    return self:line() == expected
  end, function()
    return self:line()
  end)
end

function Neovim:line()
  return self:lua('return vim.api.nvim_get_current_line()')
end

--- The buffer's text as it would be written.
function Neovim:text()
  return self:lua([[
    local line_end = vim.bo.fileformat == 'dos' and '\r\n' or '\n'
    local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), line_end)
    return vim.bo.eol and text .. line_end or text
  ]])
end

--- Replaces the whole text, in normal mode. The buffer is not read again: for a moment after that Neovim is not
--- attached.
function Neovim:set_text(text)
  check.wait('normal mode', function()
    return vim.rpcrequest(self.channel, 'nvim_get_mode').mode == 'n'
  end)
  self:lua([[vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)]], vim.split(text, '\n', { trimempty = true }))
end

--- Opens a file of the workspace and waits for the server.
function Neovim:open(file)
  self:lua('vim.cmd.edit({ ..., bang = true })', file)
  check.wait('the server to be attached', function()
    return self:lua([[
      local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
      return client ~= nil and client.initialized == true and vim.lsp.inline_completion.is_enabled({ bufnr = 0 })
    ]])
  end, function()
    return self:log()
  end)
end

--- What the cells of the cursor's screen row show right of the line's own text, and the rows below as far as they hold
--- virtual lines; nil without ghost text.
function Neovim:ghost()
  local ghost = self:lua([[
    vim.cmd.redraw()
    local namespace = vim.api.nvim_create_namespace('nvim.lsp.inline_completion')
    local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
    if not mark then return false end
    local function join(chunks)
      return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks or {}))
    end
    local lines = { join(mark[4].virt_text) }
    for _, chunks in ipairs(mark[4].virt_lines or {}) do table.insert(lines, join(chunks)) end
    local row = vim.fn.screenpos(0, mark[2] + 1, 1).row
    local shown = {}
    for offset = 0, #lines - 1 do
      local cells = {}
      for column = 1, vim.o.columns do table.insert(cells, vim.fn.screenstring(row + offset, column)) end
      table.insert(shown, (table.concat(cells):gsub('%s+$', '')))
    end
    return { text = table.concat(lines, '\n'), row = mark[2], column = mark[3], position = mark[4].virt_text_pos, shown = shown }
  ]])
  return ghost and ghost.text ~= '' and ghost or nil
end

--- Waits for ghost text (that `wanted` accepts), and checks that the screen really shows it.
function Neovim:wait_for_ghost(wanted)
  local ghost = check.wait('ghost text', function()
    local ghost = self:ghost()
    return ghost and (not wanted or wanted(ghost)) and ghost
  end, function()
    return { ghost = self:ghost(), line = self:line(), why = self:why() }
  end)
  local lines = vim.split(ghost.text, '\n')
  for index, line in ipairs(lines) do
    local cells = ghost.shown[index]
    -- A tab in virtual text is drawn as blanks.
    line = line:gsub('\t', '        '):gsub('%s+$', '')
    check.truthy(cells:find(line, 1, true), ('the screen shows %q, not %q'):format(cells, line))
  end
  return ghost
end

function Neovim:wait_for_no_ghost()
  check.wait('the ghost text to go', function()
    return not self:ghost()
  end)
end

--- Sends a request about the current buffer at the cursor and returns its result. Pending edits are sent before it.
function Neovim:request(method)
  local answer = self:lua(
    [[
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
    local params = nil
    if ... ~= 'tandem/status' then
      params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    end
    -- By number: for buffer 0 Neovim 0.12.4 does not send the pending edits first.
    local response, problem = client:request_sync(..., params, 10000, vim.api.nvim_get_current_buf())
    return { response = response, problem = problem }
  ]],
    method
  )
  check.truthy(answer.response, method .. ' got no answer: ' .. tostring(answer.problem))
  check.equal(nil, answer.response.err, method)
  return answer.response.result
end

function Neovim:why()
  return self:request('tandem/why')
end

--- Fails unless the server believes the buffer to hold what it holds.
function Neovim:check_agreement()
  local answer = check.truthy(self:request('tandem/documentText'), 'the server does not know the document')
  check.equal(self:text(), answer.text, 'the text that the server has')
end

--- Everything that the editor noted about the protocol.
function Neovim:log()
  local path = self.environment.XDG_STATE_HOME .. '/nvim/lsp.log'
  return vim.uv.fs_stat(path) and scratch.read(path) or ''
end

--- Fails if the editor noted an error: an answer that it could not use, a message that it did not expect. What a server
--- writes to stderr Neovim notes as an error, too; there only warnings and worse count.
function Neovim:check_log()
  for line in vim.gsplit(self:log(), '\n', { plain = true }) do
    local harmless = line:find('"stderr"', 1, true) and (line:find(' INFO ', 1, true) or line:find(' DEBUG ', 1, true))
    check.truthy(harmless or not vim.startswith(line, '[ERROR]'), line)
  end
end

--- Ids of the requests for an inline completion that wait for their answer.
function Neovim:waiting()
  return self:lua([[
    local client = vim.lsp.get_clients({ bufnr = 0, name = 'tandem' })[1]
    local ids = {}
    for id, request in pairs(client.requests) do
      if request.method == 'textDocument/inlineCompletion' then table.insert(ids, id) end
    end
    table.sort(ids)
    return ids
  ]])
end

function Neovim:pending()
  return #self:waiting()
end

function Neovim:newest_pending()
  local ids = self:waiting()
  return ids[#ids]
end

--- Leaves as a user does, and waits.
function Neovim:quit()
  if not self.ended then
    self:type('<Esc>:qall!<CR>')
    check.wait('Neovim to end', function()
      return self.ended
    end)
  end
end

return Neovim
