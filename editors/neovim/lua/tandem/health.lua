--- `:checkhealth tandem`: what works here, and the way out where something does not.
local client = require('tandem.client')
local config = require('tandem.config')

local M = {}

local health = vim.health

--- Other plugins that write ghost text or take the same key; how each shows that it is there.
local RIVALS = {
  { name = 'copilot.vim', global = 'loaded_copilot' },
  { name = 'copilot.lua', module = 'copilot' },
  { name = 'codeium.vim', global = 'loaded_codeium' },
  { name = 'codeium.nvim or windsurf.nvim', module = 'codeium' },
  { name = 'supermaven-nvim', module = 'supermaven-nvim' },
  { name = 'tabnine-nvim', module = 'tabnine' },
  { name = 'llama.vim', global = 'loaded_llama' },
  { name = 'minuet-ai.nvim', module = 'minuet' },
  { name = 'cmp-ai', module = 'cmp_ai' },
}

--- ms for each program that is asked.
local PATIENCE = 10000

local function run(arguments, directory)
  local started, process = pcall(vim.system, arguments, { text = true, timeout = PATIENCE, cwd = directory })
  return started and process:wait() or { code = -1, stdout = '', stderr = tostring(process) }
end

local function check_editor()
  if vim.fn.has('nvim-0.12') == 0 then
    -- Called by other names there.
    local old = health or require('health')
    local start, report = old.start or old.report_start, old.error or old.report_error
    start('Neovim')
    report('this Neovim is too old: inline completion came with 0.12')
    return false
  end
  health.start('Neovim')
  health.ok(tostring(vim.version()))
  return true
end

--- The program; returns its path.
local function check_binary()
  health.start('Program')
  local wanted, path = client.binary()
  if not wanted then
    health.info('`cmd` is a function of yours, so it is not looked into')
    return nil
  elseif not path then
    health.error(('there is no program `%s`'):format(wanted), {
      '`make install` in its repository puts it into ~/.cargo/bin; that must be on the PATH of Neovim',
      "or name it: require('tandem').setup({ cmd = { '/path/to/tandem', 'serve' } })",
    })
    return nil
  end
  local ended = run({ path, '--version' })
  if ended.code ~= 0 then
    health.error(('%s does not run: %s'):format(path, vim.trim(ended.stderr or '')))
    return nil
  end
  health.ok(('%s: %s'):format(path, vim.trim(ended.stdout)))
  return path
end

local function report_status(status)
  for _, line in ipairs(require('tandem.status_text').render(status)) do
    health.info(vim.trim(line))
  end
  if status.state == 'failed' then
    health.error('the model does not load: ' .. (status.failure or '?'), { 'lookup works without one' })
  elseif #(status.warnings or {}) > 0 then
    for _, warning in ipairs(status.warnings) do
      health.warn('self-test: ' .. warning)
    end
  elseif status.engine == 'lookup' then
    health.ok('lookup needs no model')
  elseif status.state == 'ready' then
    health.ok('the self-test of the model found nothing wrong')
  else
    health.info('the self-test of the model runs when it loads, at the first suggestion; `tandem doctor` runs it now')
  end
end

local function folder_of(server)
  return server.root_dir or vim.tbl_get(server.workspace_folders or {}, 1, 'name')
end

local function report_index(path, folder)
  if not folder then
    health.info(
      'no folder: there is no index, and questions have nothing to be about. A `.git` or `.tandem.toml` makes one'
    )
    return
  end
  local ended = run({ path, 'index', '--stats', '--json' }, folder)
  local decoded, stats = pcall(vim.json.decode, ended.stdout or '')
  if ended.code ~= 0 or not decoded then
    health.warn('the index cannot be read: ' .. vim.trim(ended.stderr or ''))
    return
  end
  local count = vim.tbl_get(stats, 'index', 'totals', 'files')
  health.ok(('index of %s: %s files'):format(folder, tostring(count)))
end

local function check_server(path)
  health.start('Server')
  if not vim.lsp.is_enabled('tandem') then
    health.error('Tandem is not enabled', { "require('tandem').setup({}) or vim.lsp.enable('tandem') in init.lua" })
    return
  end
  local clients = vim.lsp.get_clients({ name = 'tandem' })
  if #clients == 0 then
    health.warn('no server runs', { 'open a file, or :Tandem restart', ':Tandem log tells what it said at its end' })
    return
  end
  for _, server in ipairs(clients) do
    local buffers = vim.tbl_count(server.attached_buffers)
    health.ok(('attached to %d buffers below %s'):format(buffers, folder_of(server) or 'no folder'))
    local answer = server:request_sync('tandem/status', nil, PATIENCE)
    if answer and type(answer.result) == 'table' then
      report_status(answer.result)
    else
      health.error('the server does not answer', { ':Tandem restart', ':Tandem log' })
    end
    if path then
      report_index(path, folder_of(server))
    end
  end
end

local function is_there(rival)
  if rival.global then
    return vim.g[rival.global] ~= nil
  end
  return package.loaded[rival.module] ~= nil
end

local function check_rivals()
  health.start('Other plugins')
  local found = false
  for _, rival in ipairs(RIVALS) do
    if is_there(rival) then
      found = true
      local advice = 'switch one of them off, or there are two texts at one cursor and two owners of one key'
      health.warn(rival.name .. ' writes suggestions, too', { advice })
    end
  end
  for _, other in ipairs(vim.lsp.get_clients({ method = 'textDocument/inlineCompletion' })) do
    if other.name ~= 'tandem' then
      found = true
      health.warn(
        ('the language server %s offers inline completion, too: their candidates are shown in turn'):format(other.name)
      )
    end
  end
  if not found then
    health.ok('nobody else writes ghost text')
  end
end

local function check_keys()
  health.start('Keys')
  local keys = require('tandem.keys')
  local bufnr
  for _, server in ipairs(vim.lsp.get_clients({ name = 'tandem' })) do
    bufnr = bufnr or next(server.attached_buffers)
  end
  for action, key in vim.spairs(config.get().keys) do
    local name = action:gsub('_', ' ')
    if not key then
      health.info(name .. ': none')
    elseif bufnr and not keys.is_own(bufnr, key) then
      health.warn(('%s: %s was taken by another mapping'):format(name, key), {
        ('set `keys.%s`, or map `<Plug>(tandem-%s)` yourself'):format(action, (action:gsub('_', '-'))),
      })
    else
      health.ok(('%s: %s'):format(name, key))
    end
  end
end

function M.check()
  if not check_editor() then
    return
  end
  local path = check_binary()
  check_server(path)
  check_rivals()
  check_keys()
end

return M
