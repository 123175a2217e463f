--- `:Tandem`: its subcommands, and what can stand behind each.
local client = require('tandem.client')

local M = {}

local EAGERNESS = { 'low', 'medium', 'high' }

local function say(problem, ...)
  vim.notify('Tandem: ' .. problem:format(...), vim.log.levels.WARN)
end

--- Runs a command of the server of this buffer.
local function execute(command, arguments, on_result)
  local server = client.need(nil, true)
  if server then
    client.execute(server, command, arguments, on_result)
  end
end

--- Runs a command of every server: the user does not think of folders.
--- @param on_results? fun(results: any[]) when all have answered
local function execute_everywhere(command, arguments, on_results)
  if not client.need(nil, true) then
    return
  end
  local servers = vim.lsp.get_clients({ name = 'tandem' })
  local results = {}
  for _, server in ipairs(servers) do
    client.execute(server, command, arguments, function(result)
      table.insert(results, result or vim.NIL)
      if on_results and #results == #servers then
        on_results(results)
      end
    end)
  end
end

local function lines_of(command)
  return command.range > 0 and { line1 = command.line1, line2 = command.line2 } or nil
end

local function with_status(act)
  local server = client.need(nil, true)
  if server then
    require('tandem.status').fetch(server, act)
  end
end

--- Sets one of the client's settings, for running servers and those to come.
--- @param keys [string, string] group and name below the section `tandem`
--- @param value any nil: as it is without the editor
local function configure(keys, value)
  local function set(section)
    section = vim.deepcopy(section or {})
    local group = section[keys[1]] or {}
    group[keys[2]] = value
    section[keys[1]] = next(group) and group or nil
    -- Empty, it would travel as a list.
    return next(section) and section or vim.empty_dict()
  end
  local settings = vim.deepcopy(vim.lsp.config.tandem)
  settings.settings = vim.tbl_extend('force', settings.settings or {}, {
    tandem = set(vim.tbl_get(settings, 'settings', 'tandem')),
  })
  vim.lsp.config.tandem = settings
  for _, server in ipairs(vim.lsp.get_clients({ name = 'tandem' })) do
    server.settings.tandem = set(server.settings.tandem)
    server:notify('workspace/didChangeConfiguration', { settings = server.settings })
  end
end

local function pause(words)
  local minutes = words[1] and tonumber(words[1])
  if words[1] and not minutes then
    say('`%s` is no number of minutes', words[1])
    return
  end
  execute_everywhere('tandem.pause', minutes and { minutes } or {})
end

local function toggle()
  with_status(function(current)
    execute_everywhere(current.paused and 'tandem.resume' or 'tandem.pause', {})
  end)
end

local function model(words)
  if not words[1] then
    with_status(function(status)
      require('tandem.view').float('Model', require('tandem.status_text').model(status))
    end)
    return
  end
  if words[1] == 'default' then
    configure({ 'engine', 'model' }, nil)
    return
  end
  local path = vim.fn.fnamemodify(vim.fs.normalize(table.concat(words, ' ')), ':p')
  if not vim.uv.fs_stat(path) then
    say('there is no file %s', path)
    return
  end
  configure({ 'engine', 'model' }, path)
end

local function eagerness(words)
  local value = words[1]
  if not value then
    with_status(function(status)
      vim.notify('Eagerness: ' .. vim.inspect(status.eagerness or 'as the settings have it'))
    end)
    return
  end
  if value == 'default' then
    execute_everywhere('tandem.eagerness', {})
    return
  end
  local number = tonumber(value)
  if not number and not vim.list_contains(EAGERNESS, value) then
    say('`%s` is no eagerness: low, medium, high, a number from 0 to 100, or default', value)
    return
  end
  execute_everywhere('tandem.eagerness', { number or value })
end

local function status()
  with_status(function(current)
    local lines = require('tandem.status_text').render(current, function(seconds)
      return tostring(os.date('%H:%M', seconds))
    end)
    require('tandem.view').float('Tandem', lines)
  end)
end

local function why()
  local server = client.need()
  if not server then
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
  client.request(server, 'tandem/why', params, function(account)
    if account == nil or account == vim.NIL then
      vim.notify('Nothing was suggested or asked for here since the text is as it is.', vim.log.levels.INFO)
      return
    end
    require('tandem.view').tab('Why', require('tandem.why_text').render(account), 'markdown')
  end, bufnr)
end

local function budget()
  local server = client.need(nil, true)
  if not server then
    return
  end
  client.request(server, 'tandem/budget', nil, function(state)
    local lines, marks = require('tandem.budget_text').render(state, os.time())
    require('tandem.view').float('Budget', lines, { marks = marks })
  end)
end

local function log()
  local path = vim.lsp.log.get_filename()
  if not vim.uv.fs_stat(path) then
    say('there is no log yet: %s', path)
    return
  end
  vim.cmd.tabedit(vim.fn.fnameescape(path))
  vim.bo.readonly, vim.bo.modifiable = true, false
  vim.cmd('normal! G')
end

local function cancel(words)
  local number = words[1] and tonumber(words[1])
  if words[1] and not number then
    say('`%s` is no number of a question', words[1])
    return
  end
  local function tell(results)
    local count = 0
    for _, result in ipairs(results) do
      count = count + (type(result) == 'table' and result.cancelled or 0)
    end
    vim.notify(count == 0 and 'No such question is being answered.' or ('Cancelled: %d'):format(count))
  end
  if number then
    execute('tandem.cancel', { number }, function(result)
      tell({ result })
    end)
  else
    execute_everywhere('tandem.cancel', {}, tell)
  end
end

local function answer(words)
  local which = words[1] and tonumber(words[1])
  require('tandem.answers').reopen(which)
end

local function words_of(list)
  return function()
    return list
  end
end

--- Each subcommand: what it does, and what can stand behind it.
local COMMANDS = {
  ask = {
    run = function(words, command)
      require('tandem.ask').ask(table.concat(words, ' '), lines_of(command))
    end,
  },
  preview = {
    run = function(words, command)
      require('tandem.ask').preview(table.concat(words, ' '), lines_of(command))
    end,
  },
  answer = {
    run = answer,
    complete = function()
      local numbers = {}
      for number = 1, require('tandem.answers').count() do
        table.insert(numbers, tostring(number))
      end
      return numbers
    end,
  },
  why = { run = why },
  status = { run = status },
  budget = { run = budget },
  audit = {
    run = function()
      execute('tandem.audit')
    end,
  },
  trust = {
    run = function()
      execute('tandem.trust')
    end,
  },
  cancel = { run = cancel },
  pause = { run = pause, complete = words_of({ '10', '30', '60' }) },
  resume = {
    run = function()
      execute_everywhere('tandem.resume', {})
    end,
  },
  toggle = { run = toggle },
  model = {
    run = model,
    complete = function(lead)
      local files = vim.tbl_filter(function(file)
        return vim.endswith(file, '.gguf') or vim.endswith(file, '/')
      end, vim.fn.getcompletion(lead, 'file'))
      return vim.list_extend({ 'default' }, files)
    end,
  },
  eagerness = { run = eagerness, complete = words_of(vim.list_extend({ 'default' }, EAGERNESS)) },
  log = { run = log },
  restart = { run = client.restart },
}

--- Runs `:Tandem …`.
--- @param command table as `nvim_create_user_command` gives it
function M.run(command)
  if not require('tandem').is_supported() then
    return
  end
  local words = vim.list_slice(command.fargs)
  local name = table.remove(words, 1) or 'status'
  local found = COMMANDS[name]
  if not found then
    local names = vim.tbl_keys(COMMANDS)
    table.sort(names)
    say('there is no `%s`: %s', name, table.concat(names, ', '))
    return
  end
  if command.range > 0 and name ~= 'ask' and name ~= 'preview' then
    say('`%s` takes no range', name)
    return
  end
  found.run(words, command)
end

local function that_begin(lead, words)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
end

--- What can stand at the end of the line.
--- @param lead string
--- @param line string
--- @return string[]
function M.complete(lead, line)
  local before = line:gsub('^.-Tandem%s+', '', 1)
  local name = before:match('^(%S+)%s')
  if not name then
    local names = vim.tbl_keys(COMMANDS)
    table.sort(names)
    return that_begin(lead, names)
  end
  local found = COMMANDS[name]
  return found and found.complete and that_begin(lead, found.complete(lead)) or {}
end

return M
