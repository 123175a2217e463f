--- What stands in the window that asks whether something may be sent. Pure: a request in, lines and marks out.
local plain = require('tandem.plain').line

local M = {}

--- What can be chosen, in the order of the list. The first one is what happens when nobody chooses; what sends stands
--- farthest from it.
M.CHOICES = {
  { name = 'no', title = 'Do not send' },
  { name = 'show', title = 'Show all that would be sent' },
  { name = 'once', title = 'Send this time' },
  { name = 'workspace', title = 'Send, and always for this workspace' },
}

--- The choices that a request offers.
--- @param request table as `tandem/consent` has it
--- @return table[]
function M.choices(request)
  return vim.tbl_filter(function(choice)
    return choice.name ~= 'workspace' or request.mayRemember == true
  end, M.CHOICES)
end

--- 12,345
local function grouped(number)
  local digits = ('%d'):format(number)
  local head = #digits % 3
  local text = digits:sub(1, head) .. digits:sub(head + 1):gsub('(%d%d%d)', ',%1')
  return (text:gsub('^,', ''))
end

--- `12.3 kB`
--- @param bytes number
function M.size(bytes)
  if bytes < 1000 then
    return ('%d bytes'):format(bytes)
  elseif bytes < 1e6 then
    return ('%.1f kB'):format(bytes / 1e3)
  end
  return ('%.1f MB'):format(bytes / 1e6)
end

local function range(pair, show)
  show = show or function(value)
    return value
  end
  if pair.least == pair.most then
    return show(pair.most)
  end
  return ('%s to %s'):format(show(pair.least), show(pair.most))
end

local function secrets(redactions)
  local kinds, count = {}, 0
  for _, redacted in ipairs(redactions) do
    count = count + (redacted.count or 1)
    table.insert(kinds, plain(redacted.kind))
  end
  if count == 0 then
    return 'none found'
  end
  return ('%d replaced (%s)'):format(count, table.concat(kinds, ', '))
end

--- What is sent, where to, and what it costs; then the choices; then every file.
--- @param request table
--- @return string[] lines
--- @return tandem.Mark[] marks
--- @return table<integer, string> choices by line
function M.render(request)
  local lines, marks, choices = {}, {}, {}
  local function row(label, value, group)
    if value then
      table.insert(lines, (' %-9s %s'):format(label, plain(value)))
      table.insert(marks, { line = #lines, from = 0, to = 10, group = 'TandemLabel' })
      if group then
        table.insert(marks, { line = #lines, from = 11, to = -1, group = group })
      end
    end
  end
  local files = request.files or {}
  local bytes = 0
  for _, file in ipairs(files) do
    bytes = bytes + (file.bytes or 0)
  end
  row('Question', request.title, 'TandemTitle')
  row('To', ('%s, model %s at %s'):format(request.provider, request.model, request.host))
  row(
    'Where',
    request.isLocal and 'a server of yours' or 'leaves this machine',
    not request.isLocal and 'TandemWarning' or nil
  )
  row('Terms', request.terms, 'TandemWarning')
  row('Asked', request.why and 'because ' .. request.why)
  row('Tokens', ('%s in, at most %s out'):format(range(request.inputTokens, grouped), grouped(request.maxOutputTokens)))
  row('Lowered', request.lowered)
  row('Cost', range(request.cost), 'TandemCost')
  row('Budget', request.left)
  row('Secrets', secrets(request.redactions or {}))
  row('Files', #files == 0 and 'none' or ('%d, %s of them'):format(#files, M.size(bytes)))
  table.insert(lines, '')
  for _, choice in ipairs(M.choices(request)) do
    table.insert(lines, '   ' .. choice.title)
    table.insert(marks, { line = #lines, from = 3, to = -1, group = 'TandemChoice' })
    choices[#lines] = choice.name
  end
  if #files > 0 then
    table.insert(lines, '')
  end
  for _, file in ipairs(files) do
    local parts = { M.size(file.bytes or 0) }
    if file.lines then
      table.insert(parts, 'lines ' .. plain(file.lines))
    end
    if file.isInternal then
      table.insert(parts, 'internal')
    end
    table.insert(lines, ('   %s  (%s)'):format(plain(file.path), table.concat(parts, ', ')))
    if file.isInternal then
      table.insert(marks, { line = #lines, from = 3, to = -1, group = 'TandemWarning' })
    end
  end
  return lines, marks, choices
end

return M
