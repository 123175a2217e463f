--- Options: their defaults, what each may be, and a sentence about each that is something else. Pure but for the
--- current values.
local M = {}

--- The most ms that a key may wait before a suggestion is asked for.
local LONGEST_DELAY = 5000

local function choice(...)
  local words = { ... }
  return function(value)
    return vim.tbl_contains(words, value), '"' .. table.concat(words, '" or "') .. '"'
  end
end

local function number(least, most)
  return function(value)
    return type(value) == 'number' and value >= least and value <= most, ('a number from %s to %s'):format(least, most)
  end
end

local function of_type(name, article)
  return function(value)
    return type(value) == name, (article or 'a') .. ' ' .. name
  end
end

local function list(value)
  local is_list = type(value) == 'table' and vim.islist(value)
  return is_list and not vim.iter(value):any(function(item)
    return type(item) ~= 'string'
  end),
    'a list of strings'
end

local function command(value)
  return type(value) == 'function' or (list(value) and #value > 0), 'a program and its arguments as a list of strings'
end

local function key(value)
  return value == false or (type(value) == 'string' and value ~= ''), 'a key such as "<Tab>", or false'
end

--- Each option: its default and what it may be, or a table of options. `optional` ones have no default.
local SCHEMA = {
  cmd = { optional = true, check = command },
  filetypes = { optional = true, check = list },
  root_markers = { optional = true, check = list },
  settings = { default = {}, check = of_type('table') },
  ghost_text = {
    enabled = { default = true, check = of_type('boolean') },
    delay_ms = { default = 20, check = number(0, LONGEST_DELAY) },
  },
  keys = {
    accept = { default = '<Tab>', check = key },
    accept_word = { default = '<M-Right>', check = key },
    accept_line = { default = '<M-Down>', check = key },
    next = { default = '<M-n>', check = key },
    previous = { default = '<M-p>', check = key },
    dismiss = { default = '<C-]>', check = key },
    trigger = { default = '<M-\\>', check = key },
  },
  answers = {
    position = { default = 'right', check = choice('right', 'left', 'above', 'below') },
    size = { default = 0.4, check = number(0.1, 0.9) },
    focus = { default = false, check = of_type('boolean') },
    keys = {
      open = { default = '<CR>', check = key },
      follow_up = { default = 'a', check = key },
      cancel = { default = 'x', check = key },
      diff = { default = 'd', check = key },
      close = { default = 'q', check = key },
    },
  },
  consent = { default = 'window', check = choice('window', 'select') },
  restart = { default = 3, check = number(0, 100) },
}

--- Groups of options that `false` switches off as a whole.
local SWITCHES = { keys = true }

local function is_leaf(rule)
  return rule.check ~= nil
end

local function defaults(schema)
  local values = {}
  for name, rule in pairs(schema) do
    if is_leaf(rule) then
      values[name] = vim.deepcopy(rule.default)
    else
      values[name] = defaults(rule)
    end
  end
  return values
end

--- How many letters must be put in, taken out or changed to make one of the other.
local function distance(one, other)
  local above = {}
  for column = 0, #other do
    above[column] = column
  end
  for row = 1, #one do
    local here = { [0] = row }
    for column = 1, #other do
      local changed = above[column - 1] + (one:byte(row) == other:byte(column) and 0 or 1)
      here[column] = math.min(changed, above[column] + 1, here[column - 1] + 1)
    end
    above = here
  end
  return above[#other]
end

--- The name that somebody who wrote `name` likely meant; nil where none is near.
local function nearest(name, schema)
  local best, least
  for known in vim.spairs(schema) do
    local away = distance(tostring(name), known)
    if not least or away < least then
      best, least = known, away
    end
  end
  return least and least <= 2 and best or nil
end

local function off(schema)
  local values = {}
  for name, rule in pairs(schema) do
    if is_leaf(rule) then
      values[name] = false
    else
      values[name] = off(rule)
    end
  end
  return values
end

local function merge(schema, given, values, path, problems)
  for name, value in vim.spairs(given) do
    local rule = type(name) == 'string' and schema[name] or nil
    local full = path .. tostring(name)
    if not rule then
      local meant = nearest(name, schema)
      local hint = meant and (', do you mean `%s`?'):format(path .. meant) or ', see :help tandem-options'
      table.insert(problems, ('there is no option `%s`%s'):format(full, hint))
    elseif is_leaf(rule) then
      local fits, wanted = rule.check(value)
      if fits then
        values[name] = vim.deepcopy(value)
      else
        table.insert(problems, ('`%s` must be %s, and is %s'):format(full, wanted, vim.inspect(value)))
      end
    elseif value == false and SWITCHES[name] then
      values[name] = off(rule)
    elseif type(value) == 'table' then
      merge(rule, value, values[name], full .. '.', problems)
    else
      table.insert(problems, ('`%s` must be a table, and is %s'):format(full, vim.inspect(value)))
    end
  end
end

local current = defaults(SCHEMA)

--- The options in effect.
--- @return table
function M.get()
  return current
end

--- Takes over what fits, with defaults for the rest.
--- @param options any
--- @return string[] # what does not fit, a sentence each
function M.set(options)
  local problems = {}
  current = defaults(SCHEMA)
  if options ~= nil and type(options) ~= 'table' then
    return { 'takes a table, and got ' .. vim.inspect(options) }
  end
  merge(SCHEMA, options or {}, current, '', problems)
  return problems
end

--- Settings as they travel: a group without anything in it is still no list.
local function as_groups(settings)
  local groups = vim.empty_dict()
  for name, group in pairs(settings) do
    groups[name] = type(group) == 'table' and not next(group) and vim.empty_dict() or group
  end
  return groups
end

--- What goes into `vim.lsp.config`: only what was asked for, so that it changes nothing else there.
--- @return table
function M.client()
  return {
    cmd = current.cmd,
    filetypes = current.filetypes,
    root_markers = current.root_markers,
    settings = { tandem = as_groups(current.settings) },
  }
end

return M
