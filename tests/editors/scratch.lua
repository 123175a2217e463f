--- The scratch directory of one run: a home, a workspace with real source files, and the processes that belong to it.
local check = require('check')

local M = {}

--- Absolute paths, set by run.sh.
M.directory = assert(vim.env.EDITOR_TEST_SCRATCH, 'run this by tests/editors/run.sh')
M.repository = assert(vim.env.EDITOR_TEST_REPOSITORY)
M.tandem = assert(vim.uv.fs_realpath(assert(vim.env.EDITOR_TEST_BINARY)))
M.editors = assert(vim.env.EDITOR_TEST_EDITORS)

function M.read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

function M.write(path, text)
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
  return path
end

--- The first fenced block in `language` of a README: what is tested is what the reader copies.
function M.snippet(readme, language)
  local text = M.read(M.repository .. '/' .. readme)
  return assert(text:match('```' .. vim.pesc(language) .. '\n(.-)```'), readme .. ' has no block in ' .. language)
end

--- Puts the plugin where a package manager would put it: as files of their own, without what only this repository
--- needs.
function M.copy_plugin(directory)
  local source = M.repository .. '/editors/neovim'
  for _, part in ipairs({ 'doc', 'lsp', 'lua', 'plugin' }) do
    for name, kind in vim.fs.dir(source .. '/' .. part, { depth = 9 }) do
      if kind == 'file' then
        M.write(directory .. '/' .. part .. '/' .. name, M.read(source .. '/' .. part .. '/' .. name))
      end
    end
  end
  return directory
end

--- Makes a home and a workspace for one editor. Returns the environment to start it in and the workspace's directory.
--- `settings` are variables as Tandem reads them.
function M.home(name, settings)
  local home = M.directory .. '/' .. name
  local environment = {
    HOME = home,
    XDG_CONFIG_HOME = home .. '/config',
    XDG_CACHE_HOME = home .. '/cache',
    XDG_DATA_HOME = home .. '/data',
    XDG_STATE_HOME = home .. '/state',
    XDG_RUNTIME_DIR = home .. '/run',
    -- The README says `tandem`, so that is what is found there.
    PATH = M.directory .. '/bin:' .. vim.env.PATH,
    TERM = 'xterm-256color',
    LC_ALL = 'C.UTF-8',
  }
  for variable, value in pairs(settings or {}) do
    environment[variable] = value
  end
  for _, leaf in ipairs({ 'config', 'cache', 'data', 'state', 'run' }) do
    vim.fn.mkdir(home .. '/' .. leaf, 'p', tonumber('700', 8))
  end
  local workspace = home .. '/workspace'
  vim.fn.mkdir(workspace .. '/.git', 'p')
  local examples = M.repository .. '/tests/editors/workspace'
  for file in vim.fs.dir(examples) do
    M.write(workspace .. '/' .. file, M.read(examples .. '/' .. file))
  end
  return environment, workspace
end

--- Ids of the running processes of the tested binary that were started from the given home. Processes of other
--- runs on the machine have another home.
function M.processes(environment)
  local found = {}
  local mark = 'HOME=' .. environment.HOME .. '\0'
  for id in vim.fs.dir('/proc') do
    if id:match('^%d+$') and vim.uv.fs_readlink('/proc/' .. id .. '/exe') == M.tandem then
      local ok, variables = pcall(M.read, '/proc/' .. id .. '/environ')
      if ok and ('\0' .. variables):find('\0' .. mark, 1, true) then
        found[tonumber(id)] = M.read('/proc/' .. id .. '/cmdline'):gsub('%z', ' ')
      end
    end
  end
  return found
end

--- The totals that `tandem stats` tells of a home; nil while there is nothing.
function M.totals(environment)
  local ended = vim.system({ M.tandem, 'stats', '--json' }, { env = environment, text = true }):wait()
  check.truthy(ended.code <= 1, 'tandem stats: ' .. ended.stderr)
  return ended.code == 0 and vim.json.decode(ended.stdout).total or nil
end

function M.wait_until_gone(environment)
  check.wait('every process of Tandem to end', function()
    return vim.tbl_isempty(M.processes(environment))
  end, function()
    return M.processes(environment)
  end)
end

return M
